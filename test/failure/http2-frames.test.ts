import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { createSelfSignedCertificate } from "../fixtures/self-signed-certificate.ts";
import { type RunningGateway, startGateway } from "../fixtures/start-gateway.ts";

const AUTHORITIES = join(tmpdir(), `h2-frames-${crypto.randomUUID()}.pem`);

/** https://www.rfc-editor.org/rfc/rfc9113#section-6 */
const TYPE = { data: 0, headers: 1, reset: 3, settings: 4, goAway: 7 } as const;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const FRAME_HEAD_BYTES = 9;
const PREFACE_BYTES = 24;
/** `:status: 200` of HPACK's static table. */
const STATUS_200 = Uint8Array.of(0x88);

const EVENT = 'data: {"choices":[{"delta":{"content":"one"}}]}\n\n';

type Content = Uint8Array | string;

function frame(type: number, flags: number, stream: number, content: Content = ""): Buffer {
  const bytes = Buffer.from(content);
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUIntBE(bytes.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, bytes]);
}

const numbers = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
};

/** A header field that is not in any table. https://www.rfc-editor.org/rfc/rfc7541#section-6.2.2 */
const field = (name: string, value: string): Buffer =>
  Buffer.concat([Uint8Array.of(0, name.length), Buffer.from(name), Uint8Array.of(value.length), Buffer.from(value)]);

const head = (id: number, ...fields: Uint8Array[]): Buffer =>
  frame(TYPE.headers, END_HEADERS, id, Buffer.concat([STATUS_200, ...fields]));
const eventStream = (id: number): Buffer => head(id, field("content-type", "text/event-stream"));
const data = (id: number, content: Content, flags = 0): Buffer => frame(TYPE.data, flags, id, content);
const reset = (id: number, code: number): Buffer => frame(TYPE.reset, 0, id, numbers(code));

/** What the next requests are answered with. */
let answer: (socket: TLSSocket, id: number) => void;
let asked = 0;
let gateway: RunningGateway;
let stop: () => void;

beforeAll(async () => {
  const tls = await createSelfSignedCertificate("localhost");
  await Bun.write(AUTHORITIES, tls.cert);
  const sockets = new Set<TLSSocket>();
  const server = createServer({ ...tls, ALPNProtocols: ["h2"] }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    let unread = Buffer.alloc(0);
    let isGreeted = false;
    socket.write(frame(TYPE.settings, 0, 0));
    socket.on("data", (bytes: Buffer) => {
      unread = Buffer.concat([unread, bytes]);
      if (!isGreeted && unread.length >= PREFACE_BYTES) {
        isGreeted = true;
        unread = unread.subarray(PREFACE_BYTES);
      }
      while (isGreeted && unread.length >= FRAME_HEAD_BYTES) {
        const end = FRAME_HEAD_BYTES + unread.readUIntBE(0, 3);
        if (unread.length < end) return;
        const [type, flags, id] = [unread.readUInt8(3), unread.readUInt8(4), unread.readUInt32BE(5)];
        unread = unread.subarray(end);
        if (type === TYPE.settings && flags !== ACK) socket.write(frame(TYPE.settings, ACK, 0));
        if (type !== TYPE.headers) continue;
        asked += 1;
        answer(socket, id);
      }
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  stop = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  answer = (socket, id) => void socket.write(Buffer.concat([head(id), data(id, '{"data":[]}', END_STREAM)]));
  gateway = await startGateway({
    NODE_EXTRA_CA_CERTS: AUTHORITIES,
    OPENAI_API_KEY: "sk-frames",
    OPENAI_API_URL: `https://localhost:${(server.address() as AddressInfo).port}/v1`,
    OPENAI_HTTP2: "true",
  });
  await (await fetch(`${gateway.url}/v1/models`)).text();
});

afterAll(async () => {
  await gateway.stop();
  stop();
  rmSync(AUTHORITIES, { force: true });
});

async function ask(stream: boolean) {
  asked = 0;
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "openai/m", messages: [{ role: "user", content: "hi" }], stream }),
    signal: AbortSignal.timeout(4000),
  });
  return { status: response.status, text: await response.text() };
}

test.each<[what: string, code: string, cut: (socket: TLSSocket, id: number) => void]>([
  ["a reset without an error", "upstream_reset", (socket, id) => void socket.write(reset(id, 0))],
  ["a reset for an internal error", "upstream_reset", (socket, id) => void socket.write(reset(id, 2))],
  ["a reset that refuses the stream", "upstream_reset", (socket, id) => void socket.write(reset(id, 7))],
  ["a reset that cancels", "upstream_reset", (socket, id) => void socket.write(reset(id, 8))],
  ["the end of the connection", "upstream_reset", (socket) => void socket.end()],
  ["the death of the connection", "upstream_reset", (socket) => void socket.destroy()],
  [
    "an announced end of the connection",
    "upstream_reset",
    (socket, id) => void socket.end(frame(TYPE.goAway, 0, 0, numbers(id, 0))),
  ],
  ["a connection error", "upstream_reset", (socket, id) => void socket.write(frame(TYPE.goAway, 0, 0, numbers(id, 2)))],
  ["a frame of no stream", "upstream_invalid_response", (socket) => void socket.write(data(0, "x"))],
  [
    "a frame that is too long",
    "upstream_invalid_response",
    (socket, id) => void socket.write(data(id, Buffer.alloc(20_000))),
  ],
])("%s amid an answer is an error, and never the end of a whole one", async (_, code, cut) => {
  let isStream = true;
  answer = (socket, id) => {
    const begun = isStream ? [eventStream(id), data(id, EVENT)] : [head(id), data(id, '{"id":')];
    socket.write(Buffer.concat(begun));
    // Behind what has been sent, so that both are seen.
    setTimeout(() => cut(socket, id), 50);
  };
  const streamed = await ask(true);
  expect(streamed.status).toBe(200);
  expect(streamed.text).toStartWith(EVENT);
  expect(streamed.text.slice(EVENT.length)).toContain(`"code":"${code}"`);
  expect([asked, streamed.text.includes("[DONE]")]).toEqual([1, false]);
  isStream = false;
  const whole = await ask(false);
  expect([whole.status, asked]).toEqual([502, 1]);
});

test.each([
  ["shorter than its length", "100"],
  ["longer than its length", "3"],
])("an answer that is %s is an error", async (_, length) => {
  answer = (socket, id) =>
    void socket.write(Buffer.concat([head(id, field("content-length", length)), data(id, '{"a":"bc"}', END_STREAM)]));
  expect(await ask(false)).toMatchObject({ status: 502 });
});

test("a request that the provider says it has not begun is sent again", async () => {
  answer = (socket, id) => {
    if (asked === 1) return void socket.write(reset(id, 7));
    socket.write(Buffer.concat([head(id), data(id, '{"id":"second"}', END_STREAM)]));
  };
  expect(await ask(false)).toEqual({ status: 200, text: '{"id":"second"}' });
  expect(asked).toBe(2);
});

test.each<[what: string, cut: (socket: TLSSocket, id: number) => void]>([
  ["reset", (socket, id) => void socket.write(reset(id, 2))],
  ["lost with its connection", (socket) => void socket.destroy()],
])("a request that is %s before its answer is an error, and is not sent again", async (_, cut) => {
  answer = cut;
  for (const stream of [false, true]) {
    expect((await ask(stream)).status).toBe(502);
    expect(asked).toBe(1);
  }
});

test("trailers behind an answer, and answers before the answer, do no harm", async () => {
  answer = (socket, id) => {
    const early = frame(TYPE.headers, END_HEADERS, id, field(":status", "103"));
    const trailers = frame(TYPE.headers, END_HEADERS | END_STREAM, id, field("x-checksum", "1"));
    socket.write(Buffer.concat([early, head(id), data(id, '{"id":"x"}'), trailers]));
  };
  expect(await ask(false)).toEqual({ status: 200, text: '{"id":"x"}' });
});
