import { describe, expect, test } from "bun:test";
import type OpenAI from "openai";
import { post, readError, startForTests } from "./demo-client.ts";

const provider = startForTests();
const embed = (body: unknown): Promise<Response> => post(provider, "/embeddings", body);
const embedded = async (body: object): Promise<OpenAI.CreateEmbeddingResponse> =>
  (await (await embed({ model: "demo-embedding", ...body })).json()) as OpenAI.CreateEmbeddingResponse;
const vectors = async (body: object): Promise<number[][]> =>
  (await embedded(body)).data.map(({ embedding }) => embedding);
const dot = (a: readonly number[] = [], b: readonly number[] = []): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);

describe("POST /embeddings", () => {
  test.each([
    ["{", 400, null],
    [{ input: "a" }, 400, "model"],
    [{ model: "demo-chat", input: "a" }, 404, "model"],
    [{ model: "demo-embedding" }, 400, "input"],
    [{ model: "demo-embedding", input: "" }, 400, "input"],
    [{ model: "demo-embedding", input: [] }, 400, "input"],
    [{ model: "demo-embedding", input: ["a", 1] }, 400, "input"],
    [{ model: "demo-embedding", input: "a", dimensions: 0 }, 400, "dimensions"],
    [{ model: "demo-embedding", input: "a", dimensions: 3073 }, 400, "dimensions"],
    [{ model: "demo-embedding", input: "a", encoding_format: "hex" }, 400, "encoding_format"],
  ])("%j gets %p for %p", async (body, status, param) => {
    const response = await embed(body);
    expect(response.status).toBe(status);
    expect(await readError(response)).toMatchObject({ type: "invalid_request_error", param });
  });

  test("gives vectors of length 1 and of the wanted size, the same each time", async () => {
    for (const dimensions of [1, 8, 3072]) {
      const [first, second] = [
        await vectors({ input: "a cat sat", dimensions }),
        await vectors({ input: "a cat sat", dimensions }),
      ];
      expect(first[0]).toHaveLength(dimensions);
      expect(dot(first[0], first[0])).toBeCloseTo(1, 5);
      expect(second).toEqual(first);
    }
    expect((await vectors({ input: "a" }))[0]).toHaveLength(256);
  });

  test("texts with words in common are nearer to each other", async () => {
    const [cat, alike, other] = await vectors({
      input: ["the cat sat on a mat", "a cat on the mat", "quarterly revenue grew"],
    });
    expect(dot(cat, alike)).toBeGreaterThan(dot(cat, other) + 0.3);
  });

  test("base64 holds the same numbers as float, little-endian", async () => {
    const [floats] = await vectors({ input: "hello" });
    const { data } = await embedded({ input: "hello", encoding_format: "base64" });
    const bytes = Buffer.from(String(data[0]?.embedding), "base64");
    expect(Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4))).toEqual(floats ?? []);
  });

  test("tokens are taken too, and usage counts words", async () => {
    expect(await vectors({ input: [[1, 2], [3]] })).toHaveLength(2);
    expect(await vectors({ input: [1, 2] })).toHaveLength(1);
    const { usage } = await embedded({ input: ["a b", "c"] });
    expect(usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
  });
});
