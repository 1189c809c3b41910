import { afterAll, beforeAll, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { showFigures } from "../fixtures/figures.ts";
import { chunk, end, head, wait } from "../fixtures/script.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ SERVER_IDLE_TIMEOUT: "1s" });
});
afterAll(async () => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
});

/** The server looks at its connections every four seconds, so "1s" closes a silent one within eight. */
const CLOSED_BY_MS = 8500;

/** Time itself is under test: the provider is silent for longer than the server bears silence. */
const silence = (): Promise<void> => Bun.sleep(CLOSED_BY_MS);

const CHAT = { model: "openai/m", messages: [{ role: "user", content: "hi" }] };
const EVENTS = [dataEvent({ n: 1 }), "data: [DONE]\n\n"];
const ANSWER = '{"late":1.0}';
const TEXT = { "content-type": "text/plain", "transfer-encoding": "chunked" };

const CASES = [
  ["an answer in one piece", "/v1/chat/completions", () => [wait(silence()), ...json(200, ANSWER)], ANSWER],
  [
    "a stream, quiet before its first event",
    "/v1/chat/completions",
    () => sse(EVENTS, { gaps: [{ opened: silence(), open() {}, isOpen: false }] }),
    `:\n\n${EVENTS.join("")}`,
  ],
  [
    "a stream, quiet between two events",
    "/v1/chat/completions",
    () => sse(EVENTS, { gaps: [undefined, { opened: silence(), open() {}, isOpen: false }] }),
    EVENTS.join(""),
  ],
  [
    "a proxied answer, quiet in its midst",
    "/proxy/openai/x",
    () => [head(200, TEXT), chunk("a"), wait(silence()), chunk("b"), end()],
    "ab",
  ],
] as const;

test("a provider may be silent for longer than a client; afterwards the connection's own limit is back", async () => {
  rig.provider.answerAlways(({ body }) => {
    const asked = CASES.find(([name]) => Buffer.from(body).includes(name));
    return asked ? asked[2]() : json(500, {});
  });
  const exchanges = CASES.map(async ([name, target, _, expected]) => {
    const client = await rig.connect();
    await client.request("POST", target, { body: JSON.stringify({ ...CHAT, user: name }) });
    const answered = await client.body(CLOSED_BY_MS + 3000);
    expect([name, answered.text, answered.complete]).toEqual([name, expected, true]);
    const answeredAt = performance.now();
    const { by, at } = await client.untilClosed(CLOSED_BY_MS + 3000);
    expect([name, by]).toEqual([name, "peer"]);
    return at - answeredAt;
  });
  // The control: a connection that no provider ever kept waiting.
  const control = await rig.call({ method: "GET", target: "/health" });
  await control.client.body();
  const restsSince = performance.now();
  const { by, at } = await control.client.untilClosed(CLOSED_BY_MS);
  expect(by).toBe("peer");
  const closedAfter = await Promise.all(exchanges);
  showFigures(
    "Closed %d ms after an answer of the gateway's own, %s ms after a provider's",
    Math.round(at - restsSince),
    closedAfter.map(Math.round).join(", "),
  );
});
