import { describe, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { editObject, type EditedBytes, withEdits } from "../../../src/core/json/edit.ts";
import { findMember } from "../../../src/core/json/find.ts";
import type { WireRequest } from "../../../src/upstream/transport.ts";
import { json } from "../../fixtures/answers.ts";
import { type MockProvider, startMockProvider } from "../../fixtures/mock-provider.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { within } from "../../fixtures/within.ts";
import { openForEachTest, openTransport, post, type TransportWithProvider } from "./open-transport.ts";

let provider: MockProvider;
let transport: TransportWithProvider;
openForEachTest((opened) => {
  transport = opened;
  provider = opened.provider;
});

const KIB = 1024;

/** The body of the last request that the provider got. */
const came = (): string => Buffer.from(provider.requests.at(-1)?.body ?? "").toString();

/** A JSON object of this many bytes, no two pieces of which are the same. */
function createBody(length: number): Buffer {
  let text = '{"model":"openai/m","content":"';
  for (let index = 0; text.length < length; index++) text += `${index} `;
  return Buffer.from(`${text.slice(0, length - 2)}"}`);
}

/** The body with another model, to be written when it is sent. */
function edited(body: Uint8Array): { readonly late: Uint8Array | EditedBytes; readonly whole: string } {
  const member = findMember(body, "model");
  if (typeof member === "string") throw new Error(member);
  const edits = [{ kind: "replace", member, json: Buffer.from('"m"') } as const];
  return { late: withEdits(body, edits), whole: Buffer.from(editObject(body, edits)).toString() };
}

const givenUp = (body: WireRequest["body"]): Partial<WireRequest> => ({ ...post(body), isBodyGivenUp: true });

describe("the body of a request that nobody reads any more", () => {
  // In one write with its head, in a write of its own, and more than the system takes at once.
  const SIZES = [20 * KIB, 126 * KIB, 256 * KIB, 300 * KIB, 12 * KIB * KIB];

  test.each(SIZES)("%d bytes: it is free once it is sent, and every byte of it has come", async (length) => {
    for (const isFirst of [true, false]) {
      const body = createBody(length);
      const expected = body.toString();
      provider.answer(json(200, "{}"));
      await transport.ask(givenUp(body));
      expect(came() === expected).toBe(true);
      expect([isFirst, body.length]).toEqual([isFirst, 0]);
    }
  });

  test.each(SIZES)("%d bytes with edits: so is what was edited", async (length) => {
    const body = createBody(length);
    const { late, whole } = edited(body);
    provider.answer(json(200, "{}"));
    await transport.ask(givenUp(late));
    expect(came() === whole).toBe(true);
    expect(body.length).toBe(0);
  });

  test("is not, if it is short, or a part of a buffer that others may have", async () => {
    const short = createBody(4 * KIB);
    const buffer = createBody(40 * KIB);
    for (const body of [short, buffer.subarray(1, 30 * KIB)]) {
      const expected = Buffer.from(body).toString();
      provider.answer(json(200, "{}"));
      await transport.ask(givenUp(body));
      expect(came()).toBe(expected);
      expect(Buffer.from(body).toString()).toBe(expected);
    }
  });

  test("is not before it has left: one that is given up at once can be sent again", async () => {
    const body = createBody(126 * KIB);
    const expected = body.toString();
    provider.answer(json(200, "{}"));
    await transport.ask(givenUp(createBody(126 * KIB)));
    const reason = new Error("given up");
    const sending = transport.send(givenUp(body));
    sending.abort(reason);
    expect(await rejectionOf(sending.response)).toBe(reason);
    await new Promise((resolve) => setImmediate(resolve));
    expect(body.toString() === expected).toBe(true);
    provider.answer(json(200, "{}"));
    await transport.ask(givenUp(body));
    expect(came() === expected).toBe(true);
  });
});

describe("the body of any other request", () => {
  test.each([126 * KIB, 300 * KIB])("%d bytes: stays", async (length) => {
    const body = createBody(length);
    const expected = body.toString();
    for (let times = 0; times < 2; times++) {
      provider.answer(json(200, "{}"));
      await transport.ask(post(body));
      expect(came() === expected).toBe(true);
    }
  });
});

// A Unix socket takes less than one of these bodies at once, and the rest of it later.
test.each(["TCP", "a Unix socket"])("many at once over %s arrive as they are", async (way) => {
  const COUNT = 40;
  const unix = way === "TCP" ? undefined : join(tmpdir(), `given-up-${crypto.randomUUID()}.sock`);
  await using server = await startMockProvider(unix === undefined ? {} : { unix });
  using sending = openTransport(server);
  const bodies = Array.from({ length: COUNT }, (_, index) => createBody((200 + index) * KIB));
  const expected = bodies.map((body) => body.toString());
  server.answerAlways(() => json(200, "{}"));
  await within(Promise.all(bodies.map((body) => sending.ask(givenUp(body)))), 20_000, "all answers");
  expect(new Set(server.requests.map(({ body }) => Buffer.from(body).toString()))).toEqual(new Set(expected));
  expect(bodies.map((body) => body.length)).toEqual(bodies.map(() => 0));
});
