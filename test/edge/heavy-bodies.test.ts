import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { json } from "../fixtures/answers.ts";
import { type GatewayProcess, startGateway } from "../fixtures/start-gateway.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig<GatewayProcess>;

beforeAll(async () => {
  // The check against schemas is the costlier one.
  rig = await startRig({ VALIDATION: "strict" }, startGateway);
});
afterAll(async () => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
});

/** The CPU time of the gateway so far, in milliseconds. */
function gatewayTime(): number {
  const fields = readFileSync(`/proc/${rig.gateway.process.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const MESSAGES = '"messages":[{"role":"user","content":"hi"}]';
const chat = (members: string): string => `{${members}${MESSAGES},"model":"openai/gpt-4o"}`;

async function post(body: string, target = "/v1/chat/completions"): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${rig.gateway.url}${target}`, {
    method: "POST",
    headers: { "content-type": "application/json", "content-encoding": "gzip" },
    body: gzipSync(body, { level: 1 }),
  });
  return { status: response.status, body: await response.json() };
}

describe("a small request that unfolds into much work", () => {
  test.each([
    ["1 MB of empty names", chat('"":0,'.repeat(200_000))],
    ["1 MB of names with escapes", chat('"\\u0061":0,'.repeat(90_000))],
    ["4 MB of backslashes", chat(`"a":"${"\\\\".repeat(2_000_000)}",`)],
    ["9 MB of names", chat('"stream":false,'.repeat(600_000))],
    ["9 MB of lists", chat(`"a":[${"[],".repeat(900_000)}0],`)],
  ])("is answered soon: %s", async (_, body) => {
    rig.provider.answer(() => json(200, { ok: true }));
    const before = gatewayTime();
    expect(await post(body)).toEqual({ status: 200, body: { ok: true } });
    // Of the square of its bytes, it would be seconds.
    expect(gatewayTime() - before).toBeLessThan(1500);
  });

  test.each([
    [
      "stream_options of 40,000 levels",
      chat(`"stream_options":${'{"a":'.repeat(40_000)}1${"}".repeat(40_000)},`),
      "depth",
    ],
    ["levels that do not end", '{"a":['.repeat(1_000_000), "depth"],
    ["3.3 million lists", chat(`"a":[${"[],".repeat(3_300_000)}0],`), "values"],
    ["4.9 million numbers", chat(`"a":[${"0,".repeat(4_900_000)}0],`), "values"],
  ])("is refused soon: %s", async (_, body, limit) => {
    const before = gatewayTime();
    const { status, body: answer } = await post(body);
    const reason =
      limit === "depth"
        ? "is nested deeper than 64 levels (SERVER_MAX_JSON_DEPTH)"
        : "holds more than 1000000 values (SERVER_MAX_JSON_VALUES)";
    expect(status).toBe(400);
    expect(answer).toMatchObject({ error: `Failed to decode request: the body ${reason}`, code: "body_too_complex" });
    expect(gatewayTime() - before).toBeLessThan(1500);
  });

  test.each([
    [
      "the last of 300,000 messages",
      `{"model":"openai/a","messages":[${'{"role":"user","content":"a"},'.repeat(300_000)}{}]}`,
    ],
    [
      "the last of 300,000 parts",
      `{"model":"openai/a","messages":[{"role":"user","content":[${'{"type":"text"},'.repeat(300_000)}{}]}]}`,
    ],
    [
      "a member among 500,000",
      `{${Array.from({ length: 500_000 }, (_, index) => `"k${index}":0,`).join("")}"model":"openai/a","messages":1}`,
    ],
  ])("is told what is wrong with it: %s", async (_, body) => {
    const before = gatewayTime();
    expect((await post(body)).status).toBe(400);
    expect(gatewayTime() - before).toBeLessThan(2500);
  });

  test("is not worked on when its client has left", async () => {
    const body = `{${Array.from({ length: 500_000 }, (_, index) => `"k${index}":0,`).join("")}"model":"openai/gpt-4o",${MESSAGES}}`;
    const asked = rig.provider.requests.length;
    const { id, client } = await rig.call({
      target: "/v1/chat/completions",
      headers: { "content-type": "application/json" },
      body: new TextEncoder().encode(body),
    });
    client.leave();
    expect(await rig.settled(id)).toMatchObject({ outcome: "client_gone" });
    expect(rig.provider.requests.length).toBe(asked);
  });
});

test("the limits are settings", async () => {
  await using other = await startRig({ SERVER_MAX_JSON_DEPTH: "8", SERVER_MAX_JSON_VALUES: "1000" });
  const ask = async (member: string): Promise<unknown> => {
    other.provider.answerAlways(() => json(200, { ok: true }));
    const response = await fetch(`${other.gateway.url}/v1/chat/completions`, { method: "POST", body: chat(member) });
    return response.json();
  };
  expect(await ask(`"a":${"[".repeat(7)}${"]".repeat(7)},`)).toEqual({ ok: true });
  expect(await ask(`"a":${"[".repeat(8)}${"]".repeat(8)},`)).toMatchObject({
    error: "Failed to decode request: the body is nested deeper than 8 levels (SERVER_MAX_JSON_DEPTH)",
  });
  expect(await ask(`"a":[${"0,".repeat(1000)}0],`)).toMatchObject({
    error: "Failed to decode request: the body holds more than 1000 values (SERVER_MAX_JSON_VALUES)",
  });
});
