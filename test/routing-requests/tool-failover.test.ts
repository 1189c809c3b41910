import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { closeWithoutAnswer, dataEvent, json, resetWithoutAnswer, sse } from "../fixtures/answers.ts";
import { chunk, head, reset, stall, type Step } from "../fixtures/script.ts";
import { type McpTestServer, startMcpServer, text } from "../tools/mcp/mcp-server.ts";
import { addressedTo, answerOf, type Api, DIALOGUES } from "./dialogues.ts";
import {
  LEFT_KEY,
  modelAt,
  type ModelSketch,
  RIGHT_KEY,
  startTwoProviders,
  type TwoProviders,
  withModels,
} from "./routed-gateway.ts";
import { CALLS } from "./tool-calls.ts";

/* A deployment that has called a tool, and then fails: another one goes on, and no tool is run again. */

const FAST: ModelSketch = { name: "fast", deployments: [{ provider: "left" }, { provider: "right" }] };
const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const OVERFLOW = (): Step[] =>
  json(400, {
    error: {
      message: "This model's maximum context length is 10 tokens. However, your messages resulted in 20 tokens.",
      type: "invalid_request_error",
      code: "context_length_exceeded",
    },
  });

let mcp: McpTestServer;
let ran = 0;
beforeAll(async () => {
  const run = () => {
    ran += 1;
    return text("the sum is 3");
  };
  mcp = await startMcpServer({ tools: [{ name: "add", run }] });
});
afterAll(async () => mcp.stop());
beforeEach(() => {
  ran = 0;
});

async function start(left: Api, right: Api, models: readonly ModelSketch[] = [FAST]): Promise<TwoProviders> {
  const settings = { MCP_ENABLED: "true", MCP_SERVERS: mcp.url };
  const rig = await startTwoProviders(withModels(models), { left, right }, settings);
  while (!(await (await fetch(`${rig.gateway.url}/health/ready`)).text()).includes('"connected"')) await Bun.sleep(5);
  return rig;
}

const posts = ({ requests }: TwoProviders["left"]): readonly { readonly body: string }[] =>
  requests.filter(({ method }) => method === "POST").map(({ body }) => ({ body: Buffer.from(body).toString() }));

/** A client's API, that of the first provider, and that of the second one. */
const KINDS: readonly (readonly [client: Api, left: Api, right: Api])[] = [
  ["chat", "chat", "chat"],
  ["chat", "chat", "messages"],
  ["chat", "messages", "chat"],
  ["chat", "generate", "responses"],
  ["messages", "messages", "messages"],
  ["messages", "messages", "chat"],
  ["messages", "chat", "messages"],
  ["responses", "responses", "responses"],
  ["responses", "responses", "chat"],
  ["responses", "messages", "responses"],
  ["generate", "generate", "generate"],
  ["generate", "generate", "messages"],
  ["generate", "chat", "generate"],
];

type Fails = readonly [name: string, script: Step[], why: string];

const ofStreams = (left: Api): readonly Fails[] => [
  ["reports an error first", sse([DIALOGUES[left].error]), "provider_error"],
  ["ends behind the opening", sse(DIALOGUES[left].opening), "upstream_empty_response"],
  [
    "breaks off behind the opening",
    [head(200, EVENT_STREAM), chunk(DIALOGUES[left].opening.join("")), reset()],
    "502 upstream_reset",
  ],
];

const OF_WHOLE: readonly Fails[] = [
  ["answers with a page", json(200, "<html></html>"), "502 upstream_invalid_response"],
  ["answers with an error and a good status", json(200, { error: { message: "no", code: 503 } }), "provider_error"],
];

const failuresOf = (left: Api, streams: boolean): readonly Fails[] => [
  ["answers 500", json(500, { error: { message: `down: ${LEFT_KEY}` } }), "500 provider_error"],
  ["answers 429", json(429, { error: { message: "slow down" } }, { "retry-after": "7" }), "429 provider_error"],
  ["closes the connection", closeWithoutAnswer(), "502 upstream_reset"],
  ["resets the connection", resetWithoutAnswer(), "502 upstream_reset"],
  ["answers with nothing", json(200, ""), "502 upstream_empty_response"],
  ...(streams ? ofStreams(left) : OF_WHOLE),
];

describe.each(KINDS)("a client of %s whose tool was called over %s", (client, left, right) => {
  const { path, ask } = DIALOGUES[client];

  describe.each([[false], [true]])("stream: %p", (streams) => {
    const failures = failuresOf(left, streams);
    let rig: TwoProviders;
    beforeAll(async () => {
      rig = await start(
        left,
        right,
        failures.map((_, index) => modelAt(index)),
      );
    });
    afterAll(() => rig[Symbol.asyncDispose]());

    test.each(failures.map((row, index) => [...row, modelAt(index)] as const))(
      `is answered over ${right} if the first provider then %s`,
      async (_, fails, why, { name, deployments: [first, second] }) => {
        const asked = posts(rig.right).length;
        rig.left.answer(CALLS[left](streams));
        rig.left.answer(fails);
        rig.right.answer(answerOf(right, streams));
        const response = await rig.post(...addressedTo(name, path(streams), ask(streams)));
        const body = await response.text();
        expect([response.status, body]).toEqual([200, expect.stringMatching(/hello|"hel"/)]);
        expect(body).not.toContain("mcp_add");
        expect(ran).toBe(1);
        const [sent, ...others] = posts(rig.right).slice(asked);
        expect(others).toEqual([]);
        expect(sent?.body).toContain("the sum is 3");
        expect(sent?.body).toContain("mcp_add");
        if (client !== "generate" || right !== "generate") expect(sent?.body).toContain(second.model);
        const told = [response.headers.get("x-selected-provider"), response.headers.get("x-attempts")];
        expect(told).toEqual(streams ? ["left", null] : ["right", "3"]);
        const line = await rig.lineOf(response);
        expect(line).toMatchObject({
          provider: "right",
          model: second.model,
          tool_rounds: 1,
          attempts: 3,
          status: 200,
        });
        expect(line["failure"]).toBeUndefined();
        const tried = line["tried"] as readonly string[];
        expect([tried[0], tried[2]]).toEqual([`left/${first.model} answered`, `right/${second.model} answered`]);
        expect(tried[1]).toContain(why);
        // What both have used; streams of chat completions do not say.
        const says = !streams || (left !== "chat" && right !== "chat");
        if (says) expect([line["input_tokens"], line["output_tokens"]]).toEqual([10, 3]);
      },
    );
  });
});

const BOTH = [
  ["whole", false],
  ["stream", true],
] as const;

describe.each(BOTH)("a chat with tools, as a %s", (_, streams) => {
  const { path, ask } = DIALOGUES.chat;
  const providersAsked = ({ left, right }: TwoProviders): readonly number[] => [
    posts(left).length,
    posts(right).length,
  ];

  test("stays with the deployment that has answered, whoever has the turn", async () => {
    await using rig = await start("chat", "chat", [{ ...FAST, strategy: "round_robin" }]);
    for (const script of [CALLS.chat(streams), CALLS.chat(streams), answerOf("chat", streams)]) rig.left.answer(script);
    const response = await rig.post(path(streams), ask(streams));
    expect(await response.text()).toContain("hello");
    expect([ran, ...providersAsked(rig)]).toEqual([2, 3, 0]);
    const line = await rig.lineOf(response);
    expect([line["attempts"], line["tool_rounds"]]).toEqual([undefined, 2]);
  });

  test("stays with the one that has gone on, and has all that was said", async () => {
    await using rig = await start("chat", "messages");
    rig.left.answer(CALLS.chat(streams));
    rig.left.answer(json(500, { error: { message: "down" } }));
    rig.right.answer(CALLS.messages(streams));
    rig.right.answer(answerOf("messages", streams));
    const response = await rig.post(path(streams), ask(streams));
    expect(await response.text()).toContain("hello");
    expect([ran, ...providersAsked(rig)]).toEqual([2, 2, 2]);
    expect(posts(rig.right)[1]?.body.match(/the sum is 3/g)).toHaveLength(2);
    expect((await rig.lineOf(response))["attempts"]).toBe(3);
  });

  test("comes back, with all that was said elsewhere", async () => {
    const cooldown = { failures: 9, rate: 1, forMs: 1, maxMs: 1, slowStartMs: 0, whenAll: "try" } as const;
    await using rig = await start("chat", "messages", [{ ...FAST, cooldown }]);
    rig.left.answer(CALLS.chat(streams));
    rig.left.answer(json(500, { error: { message: "down" } }));
    rig.right.answer(CALLS.messages(streams));
    rig.right.answer(json(500, { error: { message: "down as well" } }));
    rig.left.answer(answerOf("chat", streams));
    const response = await rig.post(path(streams), ask(streams));
    expect(await response.text()).toContain("hello");
    expect([ran, ...providersAsked(rig)]).toEqual([2, 3, 2]);
    expect(posts(rig.left)[2]?.body.match(/the sum is 3/g)).toHaveLength(2);
  });

  test("goes to another one if the one that has answered is at its limit", async () => {
    await using rig = await start("chat", "chat", [{ ...FAST, limits: { requestsPerMinute: 1 } }]);
    rig.left.answer(CALLS.chat(streams));
    rig.right.answer(answerOf("chat", streams));
    const response = await rig.post(path(streams), ask(streams));
    expect(await response.text()).toContain("hello");
    expect([ran, ...providersAsked(rig)]).toEqual([1, 1, 1]);
    const line = await rig.lineOf(response);
    expect(line["tried"]).toEqual(["left/left-model answered", "right/right-model answered"]);
  });

  test("turns to a model for long contexts when a result is too long, and stays there", async () => {
    const short: ModelSketch = { name: "fast", deployments: [{ provider: "left" }], contextFallbacks: ["long"] };
    const long: ModelSketch = {
      name: "long",
      deployments: [{ provider: "right", params: { defaults: { temperature: 0.5 }, overrides: {} } }],
    };
    const retries = { attempts: 3, on: new Set<never>(), repeatsSent: true, backoffMs: 1, maxBackoffMs: 1 };
    await using rig = await start("chat", "chat", [{ ...short, retries }, long]);
    rig.left.answer(CALLS.chat(streams));
    rig.left.answer(OVERFLOW());
    rig.right.answer(CALLS.chat(streams));
    rig.right.answer(answerOf("chat", streams));
    const response = await rig.post(path(streams), ask(streams), { headers: { "idempotency-key": "k1" } });
    expect(await response.text()).toContain("hello");
    expect([ran, ...providersAsked(rig)]).toEqual([2, 2, 2]);
    const asked = rig.right.requests.filter(({ method }) => method === "POST");
    expect(asked.flatMap(({ headers }) => headers.map(([name]) => name.toLowerCase()))).not.toContain(
      "idempotency-key",
    );
    expect(posts(rig.right)[0]?.body).toContain('"temperature":0.5');
    const line = await rig.lineOf(response);
    expect(line["tried"]).toEqual([
      "left/left-model answered",
      "left/left-model 400 provider_error",
      "right/right-model answered",
    ]);
  });

  test("asks another one when the first token is late", async () => {
    const deployments = [{ provider: "left", timeouts: { firstTokenMs: 100 } }, { provider: "right" }];
    await using rig = await start("chat", "chat", [{ ...FAST, deployments }]);
    const { opening } = DIALOGUES.chat;
    rig.left.answer(CALLS.chat(streams));
    rig.left.answer(streams ? [head(200, EVENT_STREAM), chunk(opening.join("")), stall()] : [stall()]);
    rig.right.answer(answerOf("chat", streams));
    const response = await rig.post(path(streams), ask(streams));
    expect(await response.text()).toContain("hello");
    expect([ran, ...providersAsked(rig)]).toEqual([1, 2, 1]);
    expect((await rig.lineOf(response))["tried"]).toContain("left/left-model 504 first_token_timeout");
  });

  test("tells all that has failed if nobody goes on, and no secret", async () => {
    await using rig = await start("chat", "messages");
    rig.left.answer(CALLS.chat(streams));
    rig.left.answer(json(500, { error: { message: `no: ${LEFT_KEY}` } }));
    rig.right.answer(json(503, { error: { message: `nor here: ${RIGHT_KEY}` } }));
    const response = await rig.post(path(streams), ask(streams));
    const body = await response.text();
    expect(ran).toBe(1);
    expect(body).toContain("nor here");
    expect(body).not.toContain(LEFT_KEY);
    expect(body).not.toContain(RIGHT_KEY);
    const attempts = [
      { provider: "left", model: "left-model", status: 500, why: "provider_error" },
      { provider: "right", model: "right-model", status: 503, why: "provider_error" },
    ];
    if (!streams) expect(response.status).toBe(503);
    expect(body).toContain(`"attempts":${JSON.stringify(attempts)}`);
    if (!streams) expect(response.headers.get("x-selected-provider")).toBe("right");
    const line = await rig.lineOf(response);
    expect(line).toMatchObject({ failure: "provider_error", attempts: 3, provider: streams ? "left" : "right" });
  });

  test("masks the secret that another provider repeats in its stream", async () => {
    if (!streams) return;
    await using rig = await start("chat", "chat");
    rig.left.answer(CALLS.chat(true));
    rig.left.answer(json(500, { error: { message: "down" } }));
    const broken = dataEvent({ error: { message: `it broke: ${RIGHT_KEY}`, code: 500 } });
    rig.right.answer(sse([...DIALOGUES.chat.opening, DIALOGUES.chat.rest[0] ?? "", broken]));
    const body = await (await rig.post(path(true), ask(true))).text();
    expect(body).toContain("it broke");
    expect(body).not.toContain(RIGHT_KEY);
  });

  test("ends if the client leaves while another one is asked", async () => {
    await using rig = await start("chat", "chat");
    rig.left.answer(CALLS.chat(streams));
    rig.left.answer(json(500, { error: { message: "down" } }));
    rig.right.answer([stall()]);
    const leaving = new AbortController();
    const asked = rig
      .post(path(streams), ask(streams), { signal: leaving.signal })
      .then((response) => response.text())
      .catch(() => undefined);
    let seen = await rig.right.nextRequest();
    while (seen.method !== "POST") seen = await rig.right.nextRequest();
    leaving.abort();
    await asked;
    await rig.right.connectionClosed(seen.connection);
    const line = await rig.gateway.logged(({ msg, outcome }) => msg === "request" && outcome === "client_gone");
    expect(line).toMatchObject({ alias: "fast", tool_rounds: 1 });
    expect([ran, ...providersAsked(rig)]).toEqual([1, 2, 1]);
  });
});

describe("thoughts that only one provider can read", () => {
  const { path, ask } = DIALOGUES.messages;
  const thinking = { type: "thinking", thinking: "hm", signature: "SIGNED-BY-LEFT" };
  const call = { type: "tool_use", id: "call_1", name: "mcp_add", input: {} };
  const said = {
    ...{ id: "m0", type: "message", role: "assistant", model: "m", stop_reason: "tool_use" },
    ...{ content: [thinking, call], usage: { input_tokens: 7, output_tokens: 1 } },
  };

  test.each([["messages"], ["chat"], ["responses"]] as const)("are not sent to another one, over %s", async (right) => {
    await using rig = await start("messages", right);
    rig.left.answer(json(200, said));
    rig.left.answer(json(500, { error: { message: "down" } }));
    rig.right.answer(answerOf(right, false));
    const response = await rig.post(path(false), ask(false));
    expect(await response.text()).toContain("hello");
    expect(posts(rig.left)[1]?.body).toContain("SIGNED-BY-LEFT");
    expect(posts(rig.right)[0]?.body).not.toContain("SIGNED-BY-LEFT");
    expect(posts(rig.right)[0]?.body).toContain("the sum is 3");
  });
});
