import { afterEach, describe, expect, test } from "bun:test";
import { dataEvent } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { createManualClock, type ManualClock, settle } from "../fixtures/manual-clock.ts";
import { chunk, close, end, head, type Step, wait } from "../fixtures/script.ts";
import { startAt } from "../fixtures/start-in-process.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const BODY = { contents: [{ parts: [{ text: "Hi" }] }] };

const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const finish of ending.splice(0)) await finish();
});

async function start(): Promise<{ rig: Rig; clock: ManualClock }> {
  const clock = createManualClock();
  const rig = await startRig({}, startAt(clock));
  ending.push(() => rig.finish());
  return { rig, clock };
}

const textOf = async (bytes: Promise<Uint8Array | undefined>): Promise<string> =>
  Buffer.from((await bytes) ?? []).toString();

/** Lets so much time pass, a little at a time, that what is awaited happens. */
async function letPass<Result>(clock: ManualClock, awaited: Promise<Result>): Promise<Result> {
  let isThere = false;
  void awaited.then(() => (isThere = true));
  while (!isThere) {
    await clock.advance(20);
    for (let turn = 0; turn < 20 && !isThere; turn++) await settle();
  }
  return awaited;
}

function open(rig: Rig, query: string, ...steps: readonly Step[]) {
  rig.provider.answer([head(200, EVENT_STREAM), ...steps]);
  return rig.call({ target: `/v1beta/models/openai/m:streamGenerateContent${query}`, body: BODY });
}

const DELTA = dataEvent({
  type: "response.output_text.delta",
  item_id: "m",
  output_index: 0,
  content_index: 0,
  delta: "a",
});
const BEGUN = [
  dataEvent({ type: "response.created", response: { id: "r", status: "in_progress", output: [] } }),
  dataEvent({ type: "response.output_item.added", output_index: 0, item: { type: "message", id: "m", content: [] } }),
  DELTA,
].join("");
const LAST = dataEvent({ type: "response.completed", response: { id: "r", status: "completed", output: [] } });

describe("a stream of events for Gemini's clients", () => {
  test("has nothing but empty lines while the provider is silent", async () => {
    const { rig, clock } = await start();
    const gate = createGate();
    const { client } = await open(rig, "?alt=sse", wait(gate), chunk(BEGUN + LAST), end());
    expect((await letPass(clock, client.head())).status).toBe(200);
    expect(await textOf(client.nextBytes())).toBe("\n\n");
    await clock.advance(15_000);
    expect(await textOf(client.nextBytes())).toBe("\n\n");
    gate.open();
    expect(Buffer.from((await client.body()).bytes).toString()).toStartWith("data: {");
  });

  test.each([
    [
      "?alt=sse",
      (text: string) =>
        text
          .trim()
          .split("\n\n")
          .map((event) => event.replace("data: ", "")),
    ],
    ["", (text: string) => (JSON.parse(text) as object[]).map((element) => JSON.stringify(element))],
  ] as const)("that breaks off ends with an error (%s)", async (query, elementsOf) => {
    const { rig } = await start();
    const { client, id } = await open(rig, query, chunk(BEGUN), close());
    const elements = elementsOf(Buffer.from((await client.body()).bytes).toString());
    expect(JSON.parse(elements[0] ?? "")).toMatchObject({ candidates: [{ content: { parts: [{ text: "a" }] } }] });
    expect(JSON.parse(elements.at(-1) ?? "")).toMatchObject({ error: { code: 502, status: "UNAVAILABLE" } });
    expect(await rig.settled(id)).toMatchObject({ outcome: "cut" });
  });
});
