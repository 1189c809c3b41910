import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { KEY, type StartedGateway, startBesideProvider } from "../routes/started-gateway.ts";

/** Providers of one API each, by the name of their wire. */
const WIRES = {
  chat: "chatty",
  messages: "claudish",
  responses: "respond",
  generate: "googly",
  cohere: "coherent",
  converse: "rocky",
} as const;

let started: StartedGateway;
beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    CUSTOM_PROVIDERS: Object.values(WIRES).join(),
    ...Object.fromEntries(
      Object.entries(WIRES).flatMap(([wire, id]) => [
        [`${id.toUpperCase()}_API_URL`, `${url}/v1`],
        [`${id.toUpperCase()}_API_KEY`, KEY],
        [`${id.toUpperCase()}_APIS`, wire],
      ]),
    ),
  }));
});
afterAll(() => started[Symbol.asyncDispose]());

const TALK = { messages: [{ role: "user", content: "hi" }], max_tokens: 9 };

/** Asks a provider of a wire in an API that is another one, and returns what is told and what is logged. */
async function ask(wire: keyof typeof WIRES, members: object = {}) {
  const path = wire === "chat" ? "/v1/messages" : "/v1/chat/completions";
  const response = await started.post(path, { model: `${WIRES[wire]}/m`, ...TALK, ...members });
  const told = (await response.json()) as { error: unknown };
  const id = response.headers.get("x-request-id");
  const line = await started.gateway.logged((each) => each["request_id"] === id);
  return { status: response.status, headers: response.headers, told, line };
}

/** Errors that came with status 200, in the words of whatever API, with what is said of them. */
const ERRORS: readonly (readonly [object, number, string])[] = [
  [
    { base_resp: { status_code: 1008, status_msg: "insufficient balance" }, choices: null },
    502,
    "insufficient balance",
  ],
  [{ error: { message: "slow down", type: "rate_limit_error" } }, 429, "slow down"],
  [{ error: { message: "busy", code: 503 } }, 503, "busy"],
  [{ error: "overloaded" }, 502, "overloaded"],
  [{ success: false, errors: [{ code: 7000, message: "No route" }], result: null }, 502, "No route"],
  [{ code: 20012, message: "Model does not exist", data: null }, 502, "Model does not exist"],
  [{ detail: "Not Found" }, 502, "Not Found"],
  [{ statusCode: 500, message: "boom", data: null }, 502, "boom"],
  [{ ok: false, reason: "quota" }, 502, "quota"],
];

/** What is neither an answer of any API nor an error. */
const NONSENSE: readonly object[] = [{ foo: 1 }, { object: "thing", id: "x" }, { data: {} }];

describe.each(Object.keys(WIRES) as (keyof typeof WIRES)[])("of an API that is translated, %s,", (wire) => {
  test.each(ERRORS)("the error %j with status 200 is told as %i with its words", async (body, status, message) => {
    started.answerWith(json(200, body));
    const { line, ...said } = await ask(wire);
    expect([said.status, messageOf(said.told)]).toEqual([status, message]);
    expect(line).toMatchObject({ status, failure: "provider_error", provider: WIRES[wire] });
  });

  test.each(NONSENSE)("%j is told as an answer that cannot be read", async (body) => {
    started.answerWith(json(200, body));
    const { line, ...said } = await ask(wire);
    expect([said.status, messageOf(said.told)]).toEqual([
      502,
      expect.stringMatching(/^The upstream server sent an answer that cannot be translated: it (?:is|has) no /),
    ]);
    expect(line).toMatchObject({ outcome: "failed", failure: "upstream_invalid_response" });
  });

  test("what the provider says of asking again goes to the client, and its key does not", async () => {
    const body = { error: { message: `bad key ${KEY}`, code: 1000, param: "model", hint: KEY } };
    started.answerWith(
      json(200, body, [
        ["x-should-retry", "false"],
        ["retry-after", "7"],
        ["x-echo", KEY],
      ]),
    );
    const { headers, told } = await ask(wire);
    expect([headers.get("x-should-retry"), headers.get("retry-after")]).toEqual(["false", "7"]);
    expect(headers.get("content-type")).toBe("application/json");
    expect(JSON.stringify([told, [...headers]])).not.toContain(KEY);
    expect(messageOf(told)).toBe("bad key ***");
  });
});

test("a code that is a number stays one, and what else was said is told", async () => {
  started.answerWith(json(200, { error: { message: "no", code: 1008, param: "tools", metadata: { raw: "x" } } }));
  const { told } = await ask("responses");
  const provider_error = { metadata: { raw: "x" } };
  expect(told).toMatchObject({ error: "no", code: 1008, param: "tools", provider_error });
});

test("as the first event of a stream it has its headers, too", async () => {
  const event = dataEvent({ error: { message: "slow", code: 429 } });
  started.answerWith(
    sse([event], {
      headers: [
        ["x-should-retry", "true"],
        ["retry-after", "3"],
      ],
    }),
  );
  const { status, headers } = await ask("chat", { stream: true });
  expect([status, headers.get("x-should-retry"), headers.get("retry-after")]).toEqual([429, "true", "3"]);
});

function messageOf({ error }: { readonly error: unknown }): unknown {
  return typeof error === "object" && error !== null && "message" in error ? error.message : error;
}
