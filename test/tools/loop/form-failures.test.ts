import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { json, sse } from "../../fixtures/answers.ts";
import { byTransport } from "../../fixtures/transport-differences.ts";
import { chunk, head, reset, type Step } from "../../fixtures/script.ts";
import { type AgentRig, bodyOf, startAgentRig, textOf } from "./loop-rig.ts";
import { call, says, text, type TestWire, WIRES } from "./model-answers.ts";

const rigs = new Map<TestWire, AgentRig>();
beforeAll(async () => {
  for (const wire of WIRES) rigs.set(wire, await startAgentRig({ OPENAI_APIS: wire, MCP_MAX_ITERATIONS: "2" }));
});
afterAll(async () => {
  for (const rig of rigs.values()) {
    await rig.finish();
    await rig[Symbol.asyncDispose]();
  }
});

const rigOf = (wire: TestWire): AgentRig => rigs.get(wire) ?? expect.unreachable();

const CLIENTS = {
  chat: ["/v1/chat/completions", { model: "openai/m", messages: [{ role: "user", content: "2 + 3?" }] }],
  messages: ["/v1/messages", { model: "openai/m", max_tokens: 100, messages: [{ role: "user", content: "2 + 3?" }] }],
  responses: ["/v1/responses", { model: "openai/m", input: "2 + 3?", store: false }],
} as const;

/** How each API says that it stopped at a limit. */
const LIMITS = {
  chat: /"finish_reason":"length"/,
  messages: /"stop_reason":"max_tokens"/,
  responses: /"incomplete_details":\{"reason":"max_output_tokens"\}/,
};

/** All but chat clients at a chat wire, which do not go over the form. */
const PAIRS = WIRES.flatMap((client) =>
  WIRES.filter((wire) => client !== "chat" || wire !== "chat").map((wire) => [client, wire] as const),
);

const send = (client: TestWire, wire: TestWire, streams: boolean, headers = {}) => {
  const [path, body] = CLIENTS[client];
  return rigOf(wire).post(path, { ...body, stream: streams }, headers);
};

const ADD = call("c1", "mcp_add", { a: 2, b: 3 });
const STARTED = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };

/** The first events of a stream, which breaks off behind them. */
function broken(wire: TestWire, said: string): Step[] {
  const whole = Buffer.concat(
    says(wire, true, [text(said), text("more")]).flatMap((step) =>
      "bytes" in step && step.bytes instanceof Uint8Array ? [step.bytes] : [],
    ),
  ).toString();
  return [head(200, STARTED), chunk(whole.slice(0, whole.indexOf('more"'))), reset()];
}

describe.each(PAIRS)("a client of %s at a provider of %s", (client, wire) => {
  test.each([false, true])("is told if a limit stopped a model that calls tools for ever (%p)", async (streams) => {
    for (const round of [1, 2, 3]) rigOf(wire).answer(says(wire, streams, [text(`${round} `), { ...ADD }]));
    const { text: got, line } = await send(client, wire, streams);
    expect(got).toMatch(LIMITS[client]);
    expect(got).not.toContain("mcp_add");
    expect(rigOf(wire).asked()).toHaveLength(3);
    expect(line).toMatchObject({ tool_rounds: 2, tool_calls: 2, input_tokens: 30, outcome: "answered" });
    expect(JSON.stringify(bodyOf(rigOf(wire).asked()[2])["tool_choice"])).toContain("none");
  });

  test.each([false, true])("gets no half a call run if the answer is cut (%p)", async (streams) => {
    rigOf(wire).answer(says(wire, streams, [text("x"), call("c1", "mcp_add", '{"a":')], "length"));
    const { text: got } = await send(client, wire, streams);
    expect(got).toMatch(LIMITS[client]);
    expect(rigOf(wire).ran).toEqual([]);
  });

  test.each([false, true])("gets an error of the first round with its status (%p)", async (streams) => {
    rigOf(wire).answer(
      json(429, { error: { message: "slow down", type: "rate_limit_error" } }, { "retry-after": "7" }),
    );
    const { status, headers, text: got } = await send(client, wire, streams);
    expect([status, headers.get("retry-after")]).toEqual([429, "7"]);
    expect(got).toContain("slow down");
  });

  test("gets one of a later round with its status, whole", async () => {
    rigOf(wire).answer(says(wire, false, [ADD]), json(503, { error: { message: "gone", type: "api_error" } }));
    const { status, text: got, line } = await send(client, wire, false);
    expect(status).toBe(503);
    expect(got).toContain("gone");
    expect(line).toMatchObject({ input_tokens: 10, output_tokens: 3, tool_calls: 1 });
  });

  test("is told of one of a later round in its stream", async () => {
    rigOf(wire).answer(
      says(wire, true, [text("Hm. "), ADD]),
      json(503, { error: { message: "gone", type: "api_error" } }),
    );
    const { text: got, line } = await send(client, wire, true);
    expect(got).toContain("Hm. ");
    expect(got).toContain("gone");
    expect(got).not.toMatch(/\[DONE\]|message_stop|response\.completed/);
    expect(line).toMatchObject({ outcome: "cut", input_tokens: 10 });
  });

  test("is never given the end of a stream that broke off", async () => {
    rigOf(wire).answer(says(wire, true, [ADD]), broken(wire, "Hm. "));
    const { text: got, line } = await send(client, wire, true);
    expect(got).toMatch(byTransport("lostAtBreak", /Hm\. /, /^/));
    expect(got).not.toMatch(/message_stop|response\.completed/);
    expect(got).toMatch(/error/);
    expect(line["outcome"]).toBe("cut");
  });

  test("gets an error that the provider streams first with a status, and when to ask again", async () => {
    const error = { type: "error", error: { type: "overloaded_error", message: "busy" } };
    rigOf(wire).answer(sse([`event: error\ndata: ${JSON.stringify(error)}\n\n`], { headers: { "retry-after": "7" } }));
    const { status, headers, text: got } = await send(client, wire, true);
    expect([status, headers.get("retry-after")]).toEqual([529, "7"]);
    expect(got).toContain("busy");
  });

  test("has calls answered that are odd: no JSON, one id for two, nobody's function", async () => {
    rigOf(wire).answer(
      says(wire, false, [
        ...[call("a", "mcp_add", wire === "messages" ? {} : "{oops"), call("a", "mcp_add", { a: 1, b: 1 })],
        call("b", "nobody", {}),
      ]),
      says(wire, false, [text("Sorry.")]),
    );
    const { text: got } = await send(client, wire, false);
    expect(got).toContain("Sorry.");
    const second = textOf(rigOf(wire).asked()[1]);
    expect(second).toContain("call_0_1");
    expect(second).toContain("there is no tool");
    expect(second).not.toContain("oops");
  });

  test("gets a stream if the first round came in one piece, and all that was said", async () => {
    rigOf(wire).answer(says(wire, false, [text("First. "), ADD]), says(wire, true, [text("Then.")]));
    const { text: got, headers } = await send(client, wire, true);
    expect(headers.get("content-type")).toContain("text/event-stream");
    expect(got.indexOf("Then.")).toBeGreaterThan(got.indexOf("First. "));
    expect(got).toContain("First. ");
  });

  test("gets one stream if a later round came in one piece", async () => {
    rigOf(wire).answer(says(wire, true, [text("First. "), ADD]), says(wire, false, [text("Then.")]));
    const { text: got, line } = await send(client, wire, true);
    expect(got.indexOf("Then.")).toBeGreaterThan(got.indexOf("First. "));
    expect(got).toMatch(/\[DONE\]|message_stop|response\.completed/);
    expect(line).toMatchObject({ outcome: "answered", input_tokens: 20 });
  });
});

/** Without what is drawn anew for each answer, and signs of life, of which a slow one has more. */
const withoutDraws = (stream: string): string =>
  stream.replace(/^:.*\n\n/gm, "").replace(/"(?:id|item_id)":"[^"]*"|"(?:created|created_at|completed_at)":\d+/g, "");

test.each(PAIRS)("any split of the provider's bytes gives a client of %s at %s the same", async (client, wire) => {
  const seen = new Set<string>();
  for (const splitEvery of [5, 61, Number.POSITIVE_INFINITY]) {
    for (const blocks of [[text("One é😀 "), ADD], [text("Two.")]]) {
      const events = says(wire, true, blocks).flatMap((step) =>
        "bytes" in step && step.bytes instanceof Uint8Array ? [step.bytes] : [],
      );
      rigOf(wire).answer(sse(events, { splitEvery }));
    }
    seen.add(withoutDraws((await send(client, wire, true)).text));
  }
  expect(seen.size).toBe(1);
});

test.each(["chat", "messages", "responses"] as const)(
  "what a provider has said and cannot be sent back to it is its failure, for a client of %s",
  async (client) => {
    rigOf("messages").answer(says("messages", false, [call("c1", "", {})]));
    const { status, line } = await send(client, "messages", false);
    expect([status, line]).toMatchObject([502, { failure: "upstream_invalid_response" }]);
    expect(rigOf("messages").asked()).toHaveLength(1);
  },
);
