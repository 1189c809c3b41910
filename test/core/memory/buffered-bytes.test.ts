import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { json } from "../../fixtures/answers.ts";
import { createGate } from "../../fixtures/gate.ts";
import { chunk, end, flood, head, reset, type Script, stall, wait } from "../../fixtures/script.ts";
import { CHAT_PATH, chatOf, type InProcess, openInProcess } from "./gateway-in-process.ts";

const MIB = 1024 * 1024;
const LIMIT = 32 * MIB;
const SMALL = chatOf(100);

const SETTINGS = { SERVER_MAX_BUFFERED_BYTES: "32MiB", SERVER_SHUTDOWN_TIMEOUT: "0s" };
/** No request that is to be answered runs out of it, however busy the machine is. */
const PATIENT = { CLIENT_TIMEOUT: "10m", CLIENT_STREAM_IDLE_TIMEOUT: "10m" };

let rig: InProcess;
beforeAll(async () => {
  rig = await openInProcess({ ...SETTINGS, ...PATIENT });
});
afterAll(() => rig[Symbol.asyncDispose]());

const answers = (script: () => Script): void => rig.provider.answerAlways(script);
const ok = (): void => answers(() => json(200, '{"ok":1}'));
const LONG = { "content-type": "application/json", "transfer-encoding": "chunked" };
const EVENTS = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };

async function statusOf(
  body: string | Uint8Array,
  headers?: Readonly<Record<string, string>>,
  { send }: InProcess = rig,
): Promise<number> {
  await using client = await send(CHAT_PATH, body, headers);
  const { status } = await client.head(15_000);
  await client.body(10_000).catch(() => {});
  return status;
}

describe("nothing is held after", () => {
  const gzipped = (text: string): Uint8Array => Bun.gzipSync(Buffer.from(text));
  const GZIP = { "content-encoding": "gzip" };
  const cases: readonly (readonly [name: string, status: number, act: () => Promise<number>])[] = [
    ["a small request", 200, () => statusOf(SMALL)],
    ["a large request", 200, () => statusOf(chatOf(3 * MIB))],
    ["a compressed request", 200, () => statusOf(gzipped(chatOf(3 * MIB)), GZIP)],
    ["a body that is no JSON", 400, () => statusOf("x".repeat(MIB))],
    ["a compressed body that is broken", 400, () => statusOf(gzipped(chatOf(MIB)).subarray(0, 900), GZIP)],
    ["a body that is too large once it is decompressed", 413, () => statusOf(gzipped(chatOf(11 * MIB)), GZIP)],
    ["a body that nobody could hold", 413, () => statusOf(`{"m":[${"[],".repeat(2 * MIB)}0]}`)],
  ];
  test.each(cases)("%s", async (_, status, act) => {
    ok();
    expect(await act()).toBe(status);
    await rig.untilReleased();
  });

  const failing: readonly (readonly [name: string, script: () => Script, status: number])[] = [
    ["an error of the provider", () => json(429, { error: "no" }), 429],
    ["an answer that breaks off", () => [head(200, LONG), chunk("x".repeat(MIB)), reset()], 502],
    ["a stream that breaks off", () => [head(200, EVENTS), chunk("data: 1\n\n"), reset()], 200],
    ["an answer of some megabytes", () => [head(200, LONG), chunk(`{"x":"${"x".repeat(5 * MIB)}"}`), end()], 200],
  ];
  test.each(failing)("%s", async (_, script, status) => {
    answers(script);
    expect(await statusOf(chatOf(MIB))).toBe(status);
    await rig.untilReleased();
  });

  test.each<[name: string, script: () => Script]>([
    ["an answer that does not end", () => [head(200, LONG), chunk("x".repeat(MIB)), stall()]],
    ["an answer that does not begin", () => [stall()]],
  ])("%s", async (_, script) => {
    await using hasty = await openInProcess({ ...SETTINGS, CLIENT_TIMEOUT: "1s" });
    hasty.provider.answerAlways(script);
    expect(await statusOf(chatOf(MIB), {}, hasty)).toBe(504);
    await hasty.untilReleased();
  });

  test("a client that leaves while its body comes, while the provider thinks, while it does not read", async () => {
    await using uploading = await rig.connect();
    await uploading.send(`POST ${CHAT_PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${3 * MIB}\r\n\r\n`);
    await uploading.send("x".repeat(2 * MIB));
    await rig.untilHeld(MIB);
    uploading.leave();
    await rig.untilReleased();

    answers(() => [stall()]);
    await using waiting = await rig.send(CHAT_PATH, SMALL);
    await rig.provider.nextRequest();
    waiting.leave();
    await rig.untilReleased();

    answers(() => json(200, { choices: "x".repeat(20 * MIB) }));
    await using unread = await rig.connect();
    unread.pause();
    await unread.request("POST", CHAT_PATH, { body: SMALL });
    await rig.untilHeld(20 * MIB);
    unread.leave();
    await rig.untilReleased();
  });

  test("a client that does not read its answer for too long", async () => {
    await using hasty = await openInProcess({ ...SETTINGS, ...PATIENT, CLIENT_STREAM_IDLE_TIMEOUT: "1s" });
    hasty.provider.answerAlways(() => json(200, { choices: "x".repeat(20 * MIB) }));
    await using client = await hasty.connect();
    client.pause();
    await client.request("POST", CHAT_PATH, { body: SMALL });
    await hasty.untilHeld(20 * MIB);
    await hasty.untilReleased();
    client.resume();
    expect((await client.body(5000)).complete).toBe(false);
  });
});

describe("beyond the budget", () => {
  test("200 uploads that do not end hold no more than it, keep no small request out, and make room when they leave", async () => {
    ok();
    // Bodies that come and go have the gateway collect all that other tests have left on this heap, again and again: 5 s.
    using _ = spyOn(Bun, "gc").mockImplementation(() => {});
    const bytes = 400 * 1024;
    const uploads = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const client = await rig.connect();
        await client.send(`POST ${CHAT_PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${3 * MIB}\r\n\r\n`);
        void client.send("x".repeat(bytes));
        return client;
      }),
    );
    await rig.untilHeld(LIMIT / 2);
    const refused = uploads.map((client) => client.head(15_000).catch(() => undefined));
    expect(rig.gateway.bufferedBytes()).toBeLessThanOrEqual(LIMIT);
    await using small = await rig.send("/health", "");
    expect((await small.head()).status).toBe(405);
    const first = await Promise.race(refused);
    expect([first?.status, first?.header("retry-after")]).toEqual([503, "1"]);
    for (const client of uploads) client.leave();
    await rig.untilReleased();
    expect(await statusOf(chatOf(2 * MIB))).toBe(200);
  });

  test("a large body waits until others are done", async () => {
    answers(() => json(200, { choices: "x".repeat(24 * MIB) }));
    await using holding = await rig.connect();
    holding.pause();
    await holding.request("POST", CHAT_PATH, { body: SMALL });
    await rig.untilHeld(24 * MIB);
    ok();
    const waiting = statusOf(chatOf(4 * MIB));
    holding.leave();
    expect(await waiting).toBe(200);
  });

  test.each([
    [CHAT_PATH, 503, "overloaded_error"],
    ["/v1/messages", 529, "overloaded_error"],
  ])("%s refuses a body before it is read", async (target, status, type) => {
    const blocking = await openInProcess({ SERVER_MAX_BUFFERED_BYTES: "8MiB", ...PATIENT });
    await using _ = blocking;
    blocking.provider.answerAlways(() => json(200, { choices: "x".repeat(6 * MIB) }));
    await using holding = await blocking.connect();
    holding.pause();
    await holding.request("POST", CHAT_PATH, { body: SMALL });
    await blocking.untilHeld(6 * MIB);
    await using client = await blocking.connect();
    await client.send(`POST ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${4 * MIB}\r\n\r\n`);
    const refusal = await client.head(10_000);
    expect([refusal.status, refusal.header("retry-after")]).toEqual([status, "1"]);
    expect((await client.body()).text).toContain(type);
    holding.leave();
    await blocking.untilReleased();
  });

  test("an answer is passed on as it comes", async () => {
    const gate = createGate();
    answers(() => json(200, { choices: "x".repeat(20 * MIB) }));
    await using holding = await rig.connect();
    holding.pause();
    await holding.request("POST", CHAT_PATH, { body: SMALL });
    await rig.untilHeld(20 * MIB);
    answers(() => [head(200, LONG), flood(30 * MIB), wait(gate), chunk("end"), end()]);
    await using client = await rig.send(CHAT_PATH, SMALL);
    expect((await client.head(5000)).status).toBe(200);
    gate.open();
    const { bytes, complete } = await client.body(5000);
    expect([bytes.length, complete]).toEqual([30 * MIB + 3, true]);
    holding.leave();
    await rig.untilReleased();
  });
});
