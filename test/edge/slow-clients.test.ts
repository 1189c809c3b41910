import { afterAll, beforeAll, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { showFigures } from "../fixtures/figures.ts";
import type { RawClient } from "../fixtures/raw-http-client.ts";
import { wait } from "../fixtures/script.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ SERVER_IDLE_TIMEOUT: "1s", SERVER_MAX_REQUEST_BODY_SIZE: "100MiB" });
  rig.provider.answerAlways(({ target }) =>
    target.endsWith(LATE) ? [wait(Bun.sleep(SILENT_MS)), ...json(200, "{}")] : json(200, "{}"),
  );
});
afterAll(async () => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
});

/** A silent client is cut off within a second, but a machine may be busy. */
const CLOSED_BY_MS = 8500;
/** Longer than a client may be silent. */
const SILENT_MS = 3000;
/** The provider takes so long over these. */
const LATE = "/late";
/** Longer than a client may be silent, too. */
const STEADY_MS = 4000;
const GAP_MS = 100;

const [CHAT_HEAD, CHAT_TAIL] = ['{"model":"openai/m","messages":[{"role":"user","content":"', '"}]}'];
const chatOf = (length: number): string =>
  CHAT_HEAD + "x".repeat(length - CHAT_HEAD.length - CHAT_TAIL.length) + CHAT_TAIL;

/** Waits for the head of a request at the provider, and resolves with its connection. */
async function headOf(target: string): Promise<number> {
  for (;;) {
    const head = await rig.provider.requestHead(CLOSED_BY_MS);
    if (head.target === target) return head.connection;
  }
}

/** A body as it is sent, at so many bytes each second. */
interface Upload {
  readonly target: string;
  readonly body: string;
  readonly bytesPerSecond: number;
  readonly chunked?: true;
}

/** Sends a head and then its body piece by piece, for as long as the connection stands. */
async function upload(client: RawClient, { target, body, bytesPerSecond, chunked }: Upload): Promise<void> {
  const framing = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`;
  await client.send(`POST ${target} HTTP/1.1\r\nHost: localhost\r\n${framing}\r\n\r\n`);
  const pieceBytes = Math.ceil((bytesPerSecond * GAP_MS) / 1000);
  const startedAt = performance.now();
  for (let at = 0; at < body.length; at += pieceBytes) {
    const piece = body.slice(at, at + pieceBytes);
    if (!(await client.send(chunked ? `${piece.length.toString(16)}\r\n${piece}\r\n` : piece))) return;
    // Time itself is under test: how fast a body comes.
    await Bun.sleep(Math.max(0, startedAt + ((at + piece.length) / bytesPerSecond) * 1000 - performance.now()));
  }
  if (chunked) await client.send("0\r\n\r\n");
}

/** Sends bytes one by one, for as long as the connection stands. */
async function drip(client: RawClient, bytes: string, gapMs: number): Promise<void> {
  for (const byte of bytes) {
    if (!(await client.send(byte))) return;
    await Bun.sleep(gapMs);
  }
}

const HEAD = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n";
const POST = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n";
const PROXY = "POST /proxy/openai/files HTTP/1.1\r\nHost: localhost\r\n";

const CUT: readonly (readonly [who: string, act: (client: RawClient) => Promise<unknown>, byMs: number])[] = [
  ["says nothing", async () => {}, CLOSED_BY_MS],
  ["stops within the request line", (client) => client.send("GET /v1/mod"), CLOSED_BY_MS],
  ["stops within the head", (client) => client.send(HEAD), CLOSED_BY_MS],
  ["drips its head", (client) => drip(client, `${HEAD}X: ${"a".repeat(100)}`, 200), CLOSED_BY_MS],
  ["sends no body", (client) => client.send(`${POST}Content-Length: 100\r\n\r\n`), CLOSED_BY_MS],
  ["sends no long body", (client) => client.send(`${POST}Content-Length: 1000000\r\n\r\n`), CLOSED_BY_MS],
  ["sends no chunk", (client) => client.send(`${POST}Transfer-Encoding: chunked\r\n\r\n`), CLOSED_BY_MS],
  ["stops within a chunk", (client) => client.send(`${POST}Transfer-Encoding: chunked\r\n\r\nff\r\n{`), CLOSED_BY_MS],
  [
    "drips its body",
    (client) => drip(client, `${POST}Content-Length: 100\r\n\r\n${"x".repeat(99)}`, 100),
    CLOSED_BY_MS,
  ],
  ["sends no proxied body", (client) => client.send(`${PROXY}Content-Length: 100\r\n\r\n`), CLOSED_BY_MS],
  ["stops within a proxied body", (client) => client.send(`${PROXY}Content-Length: 100\r\n\r\nx`), CLOSED_BY_MS],
];

const dripBody = (target: string, chunked?: true): Upload => ({
  target,
  body: chatOf(10_000),
  bytesPerSecond: 100,
  ...(chunked && { chunked }),
});

test.concurrent("a client that is silent, or drips, is cut off", async () => {
  const cut = CUT.map(async ([who, act, byMs]) => {
    await using client = await rig.connect();
    const startedAt = performance.now();
    const acting = act(client);
    const { by, at, wire } = await client.untilClosed(byMs);
    await acting;
    expect([who, by, Buffer.from(wire).toString()]).toEqual([who, "peer", ""]);
    return Math.round(at - startedAt);
  });
  const dripped = [dripBody("/v1/chat/completions"), dripBody("/v1/messages", true)].map(async (slow) => {
    await using client = await rig.connect();
    const startedAt = performance.now();
    const uploading = upload(client, slow);
    const { by, at } = await client.untilClosed(CLOSED_BY_MS);
    await uploading;
    expect(by).toBe("peer");
    return Math.round(at - startedAt);
  });
  showFigures("Cut off after %s ms", (await Promise.all([...cut, ...dripped])).join(", "));
});

const steady = (bytesPerSecond: number): string => chatOf((bytesPerSecond * STEADY_MS) / 1000);

const STEADY: readonly Upload[] = ["/v1/chat/completions", "/proxy/openai/files"].flatMap((target) =>
  [2000, 64_000].flatMap((bytesPerSecond) => [
    { target, bytesPerSecond, body: steady(bytesPerSecond) },
    { target, bytesPerSecond, body: steady(bytesPerSecond), chunked: true as const },
  ]),
);

test.concurrent("an upload may take longer than a silence may, as long as it goes on", async () => {
  const uploads = STEADY.map(async (slow) => {
    await using client = await rig.connect();
    await upload(client, slow);
    const { status } = await client.head();
    expect([slow.target, slow.bytesPerSecond, slow.chunked, status]).toEqual([
      slow.target,
      slow.bytesPerSecond,
      slow.chunked,
      200,
    ]);
    expect((await client.body()).text).toBe("{}");
  });
  await Promise.all(uploads);
  const arrived = rig.provider.requests.filter(({ target }) => /(chat\/completions|files)$/.test(target));
  const sent = STEADY.map(({ target, body }) => body.length - (target.startsWith("/v1") ? "openai/".length : 0));
  // Only these: of those that were cut off none came whole.
  expect(arrived.map(({ body }) => body.length).sort()).toEqual(sent.sort());
});

test.concurrent("a provider that takes an upload slowly, or thinks about it, costs the client nothing", async () => {
  const thinking = async (): Promise<void> => {
    await using client = await rig.connect();
    await client.request("POST", `/proxy/openai${LATE}`, { body: "x".repeat(100_000) });
    expect((await client.head(SILENT_MS + 3000)).status).toBe(200);
  };
  const notReading = async (): Promise<void> => {
    await using client = await rig.connect();
    const bytes = 40_000_000;
    const taken = client.request("POST", "/proxy/openai/unread", { body: Buffer.alloc(bytes, "x") });
    const connection = await headOf("/v1/unread");
    rig.provider.pauseReading(connection);
    // Time itself is under test: how long the provider takes nothing.
    await Bun.sleep(SILENT_MS);
    rig.provider.resumeReading(connection);
    expect(await taken).toBe(true);
    expect((await client.head(5000)).status).toBe(200);
  };
  await Promise.all([thinking(), notReading()]);
});
