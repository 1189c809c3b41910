import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dataEvent } from "../fixtures/answers.ts";
import { showFigures } from "../fixtures/figures.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import type { RawClient } from "../fixtures/raw-http-client.ts";
import { chunk, flood, head, type Step, stall } from "../fixtures/script.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig;
let slowest = 0;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(async () => {
  showFigures("The slowest close of an upstream connection took %s ms.", slowest.toFixed(1));
  await rig.finish();
  await rig[Symbol.asyncDispose]();
});

/** What the provider sends for ever, without ending. */
async function* talk(): AsyncGenerator<Step> {
  yield head(200, EVENT_STREAM);
  for (let index = 0; ; index++) {
    yield chunk(dataEvent({ index }));
    await Bun.sleep(1);
  }
}

const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const JSON_HEAD = { "content-type": "application/json", "content-length": "100000" };
const CHAT = { model: "openai/m", messages: [{ role: "user", content: "hi" }] };
const MESSAGE = { ...CHAT, model: "anthropic/m", max_tokens: 1 };

const TARGETS = [
  ["/v1/chat/completions", { ...CHAT, stream: true }],
  ["/v1/messages", { ...MESSAGE, stream: true }],
  ["/v1/responses", { model: "openai/m", input: "hi", stream: true }],
  ["/proxy/openai/anything", { x: 1 }],
] as const;

const nothing = (): Promise<void> => Promise.resolve();
const firstBytes = async (client: RawClient): Promise<void> => {
  await client.nextBytes();
};

/** Name, the provider's answer, and what the client waits for before it leaves. */
const PHASES = [
  ["before the provider's head", () => [stall()], nothing],
  ["after the provider's head, before its first byte", () => [head(200, EVENT_STREAM), stall()], nothing],
  ["quiet amid a stream", () => [head(200, EVENT_STREAM), chunk("data: 1\n\n"), stall()], firstBytes],
  ["streaming", talk, firstBytes],
  ["reading slowly", () => [head(200, EVENT_STREAM), chunk("data: 1\n\n"), flood(64 * 1024 * 1024)], waitUntilHeldBack],
  ["before the head of an answer in one piece", () => [stall()], nothing],
  ["amid an answer in one piece", () => [head(200, JSON_HEAD), chunk("{"), stall()], nothing],
  ["amid an error's body", () => [head(500, JSON_HEAD), chunk("{"), stall()], nothing],
] as const;

let received: ReceivedRequest;

async function waitUntilHeldBack(client: RawClient): Promise<void> {
  await client.head();
  client.pause();
  await rig.provider.heldBack(received.connection, { quiet: 100 });
}

async function expectClosedAtOnce(leftAt: number): Promise<void> {
  const closing = await rig.provider.connectionClosed(received.connection, leftAt);
  slowest = Math.max(slowest, closing.milliseconds);
  expect(closing.by).toBe("peer");
}

describe.each(TARGETS)("%s", (target, body) => {
  for (const how of ["leave", "reset"] as const) {
    test.each(PHASES)(`%s (${how})`, async (_, script, untilThen) => {
      const began = Promise.withResolvers<ReceivedRequest>();
      rig.provider.answer((request) => {
        began.resolve(request);
        return script();
      });
      const { client, id } = await rig.call({ target, body });
      received = await began.promise;
      await untilThen(client);
      const leftAt = performance.now();
      client[how]();
      await expectClosedAtOnce(leftAt);
      expect(await rig.settled(id)).toMatchObject({
        outcome: "client_gone",
        client_gone: true,
        failure: "client_gone",
      });
    });
  }
});

describe("a client that leaves while it uploads", () => {
  test.each(["/v1/chat/completions", "/v1/messages", "/v1/embeddings"])(
    "%s: no provider is asked, and the log says who went away",
    async (target) => {
      for (const framing of ["content-length: 1000", "transfer-encoding: chunked"]) {
        const asked = rig.provider.requests.length;
        const id = `upload-${target}-${framing}`;
        const client = await rig.connect();
        const content = framing.startsWith("transfer") ? `5\r\n{"a":\r\n` : `{"a":`;
        await client.send(
          `POST ${target} HTTP/1.1\r\nhost: localhost\r\nx-request-id: ${id}\r\n${framing}\r\n\r\n${content}`,
        );
        client.leave();
        expect(await rig.settled(id)).toMatchObject({ outcome: "client_gone", client_gone: true });
        expect(rig.provider.requests.length).toBe(asked);
      }
    },
  );

  test("/proxy: the provider's connection is closed", async () => {
    const client = await rig.connect();
    const id = "proxy-upload";
    await client.send(
      `POST /proxy/openai/files HTTP/1.1\r\nhost: localhost\r\nx-request-id: ${id}\r\ncontent-length: 1000000\r\n\r\n`,
    );
    await client.send("x".repeat(1000));
    received = await nextHead("/v1/files");
    const leftAt = performance.now();
    client.leave();
    await expectClosedAtOnce(leftAt);
    expect(await rig.settled(id)).toMatchObject({ outcome: "client_gone" });
  });
});

/** Heads of the requests before were not taken, so they come first. */
async function nextHead(target: string): Promise<ReceivedRequest> {
  for (;;) {
    const request = await rig.provider.requestHead();
    if (request.target === target) return request;
  }
}
