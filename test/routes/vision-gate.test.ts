import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { bodyText, type StartedGateway, startBesideProvider, threeProviders } from "./started-gateway.ts";
import type { PostRoute } from "./requests.ts";

const DISABLED = "Vision support is disabled. Set ENABLE_VISION=true to accept image content.";
const PNG = "data:image/png;base64,iVBORw0KGgo=";

let blind: StartedGateway;
let seeing: StartedGateway;

beforeAll(async () => {
  [blind, seeing] = await Promise.all([
    startBesideProvider(),
    startBesideProvider((url) => ({ ...threeProviders(url), ENABLE_VISION: "true" })),
  ]);
});
beforeEach(() => {
  blind.takeCalls();
  seeing.takeCalls();
});
afterAll(async () => {
  await Promise.all([blind[Symbol.asyncDispose](), seeing[Symbol.asyncDispose]()]);
});

const chat = (...messages: object[]) => ({
  model: "openai/m",
  messages: [{ role: "user", content: "x" }, ...messages],
});
const messages = (...content: object[]) => ({
  model: "anthropic/m",
  max_tokens: 8,
  messages: [
    { role: "user", content: "x" },
    { role: "user", content },
  ],
});
const responses = (...input: object[]) => ({ model: "openai/m", input: [{ role: "user", content: "x" }, ...input] });

const text = { type: "text", text: "x" };
const imageUrl = (url: string) => ({ type: "image_url", image_url: { url } });
const base64 = { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } };
const inputImage = { type: "input_image", image_url: PNG };

/** A request with an image in every place where one can stand. */
const PLACES: readonly (readonly [place: string, route: PostRoute, body: object])[] = [
  ["a user's part", "/v1/chat/completions", chat({ role: "user", content: [text, imageUrl(PNG)] })],
  [
    "a part behind many",
    "/v1/chat/completions",
    chat({ role: "user", content: [...Array(50).fill(text), imageUrl(PNG)] }),
  ],
  ["a system message", "/v1/chat/completions", chat({ role: "system", content: [imageUrl("https://h/x.png")] })],
  ["an assistant's part", "/v1/chat/completions", chat({ role: "assistant", content: [text, imageUrl(PNG)] })],
  ["a tool's result", "/v1/chat/completions", chat({ role: "tool", tool_call_id: "1", content: [imageUrl(PNG)] })],
  ["a bare url", "/v1/chat/completions", chat({ role: "user", content: [{ type: "x", image_url: PNG }] })],
  ["Anthropic's block in chat", "/v1/chat/completions", chat({ role: "user", content: [base64] })],
  ["Responses' item in chat", "/v1/chat/completions", chat({ role: "user", content: [inputImage] })],
  ["a base64 block", "/v1/messages", messages(text, base64)],
  ["a url block", "/v1/messages", messages({ type: "image", source: { type: "url", url: "https://h/x.png" } })],
  ["a file block", "/v1/messages", messages({ type: "image", source: { type: "file", file_id: "f" } })],
  ["a tool's result", "/v1/messages", messages({ type: "tool_result", tool_use_id: "t", content: [text, base64] })],
  ["a block to be counted", "/v1/messages/count_tokens", messages(base64)],
  ["a message's part", "/v1/responses", responses({ role: "user", content: [inputImage] })],
  ["a stored file", "/v1/responses", responses({ role: "user", content: [{ type: "input_image", file_id: "f" }] })],
  ["an item of its own", "/v1/responses", responses(inputImage)],
  ["a tool's result", "/v1/responses", responses({ type: "function_call_output", call_id: "c", output: [inputImage] })],
  [
    "a screenshot",
    "/v1/responses",
    responses({ type: "computer_call_output", call_id: "c", output: { type: "computer_screenshot", image_url: PNG } }),
  ],
];

describe("with ENABLE_VISION=false", () => {
  test.each(PLACES)("an image in %s of %s is 400", async (_, route, body) => {
    const response = await blind.post(route, body);
    const error = route.startsWith("/v1/messages")
      ? expect.objectContaining({ message: DISABLED, type: "invalid_request_error" })
      : DISABLED;
    expect([response.status, await response.json()]).toMatchObject([400, { error }]);
    expect(blind.takeCalls()).toEqual([]);
  });

  // A known gap in src/dialects/responses.ts: only `input` is searched.
  // https://platform.openai.com/docs/api-reference/responses/create#responses-create-prompt
  test("an image in a variable of a stored prompt of /v1/responses is 400", async () => {
    const prompt = { id: "pmpt_1", variables: { photo: inputImage } };
    expect((await blind.post("/v1/responses", { model: "openai/m", prompt })).status).toBe(400);
  });

  test.each(["messages", "mess\\u0061ges", "Messages"])("a second list under %j hides no image", async (key) => {
    const hidden = JSON.stringify([{ role: "user", content: [imageUrl(PNG)] }]);
    const plain = '[{"role":"user","content":"x"}]';
    for (const [first, second] of [
      [hidden, plain],
      [plain, hidden],
    ]) {
      const body = `{"model":"openai/m","messages":${first},"${key}":${second}}`;
      expect((await blind.post("/v1/chat/completions", body)).status).toBe(400);
    }
    expect(blind.takeCalls()).toEqual([]);
  });

  test.each([
    ["/v1/chat/completions", chat({ role: "user", content: `what is ${PNG} and "type":"image_url"?` })],
    ["/v1/chat/completions", { ...chat(), metadata: { image_url: PNG }, tools: [] }],
    [
      "/v1/messages",
      messages(text, { type: "document", source: { type: "text", media_type: "text/plain", data: "x" } }),
    ],
    ["/v1/responses", { model: "openai/m", input: `{"type":"input_image"}` }],
  ] as const)("%s: what only talks of images passes", async (route, body) => {
    expect((await blind.post(route, body)).status).toBe(200);
    expect(blind.takeCalls()).toHaveLength(1);
  });
});

describe("with ENABLE_VISION=true", () => {
  test.each(PLACES)("an image in %s of %s passes byte for byte", async (_, route, body) => {
    expect((await seeing.post(route, body)).status).toBe(200);
    expect(bodyText(seeing.takeCall())).toBe(JSON.stringify(body).replace(/"(openai|anthropic)\/m"/, '"m"'));
  });

  test.each(["https://h/x", "http://h/x", "HTTPS://h/x", PNG, "data:image/svg+xml;charset=utf-8;base64,PHN2Zz4="])(
    "%s is an image's url",
    async (url) => {
      const body = chat({ role: "user", content: [imageUrl(url)] });
      expect((await seeing.post("/v1/chat/completions", body)).status).toBe(200);
    },
  );

  test.each([
    "",
    "x.png",
    "//h/x.png",
    "file:///etc/passwd",
    "ftp://h/x",
    "javascript:alert(1)",
    "data:image/png,raw",
    "data:text",
    " https://h/x",
  ])("%j is none", async (url) => {
    const response = await seeing.post("/v1/chat/completions", chat({ role: "user", content: [text, imageUrl(url)] }));
    expect([response.status, await response.json()]).toMatchObject([
      400,
      {
        error: "messages[1].content[1].image_url.url must be an https: or http: URL or a base64 data: URI",
        param: "messages[1].content[1].image_url.url",
      },
    ]);
    expect(seeing.takeCalls()).toEqual([]);
  });

  test("the same holds for messages and responses", async () => {
    const block = { type: "image", source: { type: "url", url: "file:///x" } };
    expect((await seeing.post("/v1/messages", messages(block))).status).toBe(400);
    const item = { role: "user", content: [{ type: "input_image", image_url: "file:///x" }] };
    expect((await seeing.post("/v1/responses", responses(item))).status).toBe(400);
    expect(seeing.takeCalls()).toEqual([]);
  });
});
