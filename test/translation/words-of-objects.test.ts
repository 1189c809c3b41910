import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { type StartedGateway, startBesideProvider } from "../routes/started-gateway.ts";

let started: StartedGateway;
beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    CUSTOM_PROVIDERS: "chatty,messaging,responding,generating,conversing,cohering",
    CHATTY_API_URL: `${url}/v1`,
    ...Object.fromEntries(
      ["messages", "responses", "generate", "converse", "cohere"].flatMap((api, index) => {
        const id = ["MESSAGING", "RESPONDING", "GENERATING", "CONVERSING", "COHERING"][index];
        return [
          [`${id}_API_URL`, `${url}/v1`],
          [`${id}_APIS`, api],
        ];
      }),
    ),
  }));
});
afterAll(() => started[Symbol.asyncDispose]());

const USER = [{ role: "user", content: "hi" }];

/** Words of others for which a plain object has an answer of its own. */
describe.each(["constructor", "toString", "hasOwnProperty", "__proto__"])("the word %s", (word) => {
  test.each([
    [
      "messaging",
      { type: "message", role: "assistant", content: [{ type: "text", text: "x" }], stop_reason: word, usage: {} },
    ],
    [
      "conversing",
      { output: { message: { role: "assistant", content: [{ text: "x" }] } }, stopReason: word, usage: {} },
    ],
    ["cohering", { finish_reason: word, message: { role: "assistant", content: [{ type: "text", text: "x" }] } }],
    ["generating", { candidates: [{ content: { role: "model", parts: [{ text: "x" }] }, finishReason: word }] }],
  ])("as the reason of %s to stop is one that nobody knows", async (provider, answer) => {
    started.answerWith(json(200, answer));
    const response = await started.post("/v1/chat/completions", { model: `${provider}/m`, messages: USER });
    expect([response.status, await response.json()]).toMatchObject([200, { choices: [{ finish_reason: "stop" }] }]);
  });

  test("as the type of an item of a stream is one that nobody knows", async () => {
    const item = { type: word, id: "i" };
    const response = { id: "r", status: "completed", output: [] };
    started.answerWith(
      sse([
        dataEvent({ type: "response.created", response: { ...response, status: "in_progress" } }),
        dataEvent({ type: "response.output_item.added", output_index: 0, item }),
        dataEvent({ type: "response.output_item.done", output_index: 0, item }),
        dataEvent({ type: "response.completed", response }),
      ]),
    );
    const answer = await started.post("/v1/chat/completions", { model: "responding/m", messages: USER, stream: true });
    const text = await answer.text();
    expect(text).toContain('"finish_reason":"stop"');
    expect(text).not.toContain('"error"');
  });

  test("as a role of Google's API is refused as others are", async () => {
    const contents = [{ role: word, parts: [{ text: "x" }] }];
    const response = await started.post("/v1beta/models/chatty/m:generateContent", { contents });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("contents[0].role")]);
  });

  test("as a tier of service is left out", async () => {
    started.takeCalls();
    started.answerWith(json(200, { output: { message: { content: [] } }, stopReason: "end_turn", usage: {} }));
    await started.post("/v1/chat/completions", { model: "conversing/m", messages: USER, service_tier: word });
    expect(started.takeCall().body.toString()).not.toContain("serviceTier");
  });

  test("as a content type is named by nobody", async () => {
    const response = await fetch(`${started.gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": word },
      body: "{}",
    });
    expect([response.status, await response.json()]).toMatchObject([
      415,
      { error: "The body must be JSON. Send the header Content-Type: application/json" },
    ]);
  });
});

/** Tables whose keys only the gateway's own code asks for, or whose keys are no names of members: single characters, paths. */
const OF_OWN_WORDS = [
  "config/environment.ts REASONS",
  "config/file/parse-yaml.ts SYNTAX",
  "config/file/provider-section.ts FORMS",
  "config/file/provider-section.ts KEYS",
  "config/models/show-parts.ts SCHEMAS",
  "core/redact/escapes.ts NAMED",
  "demo/demo-provider.ts ROUTES",
  "formats/error-text.ts REFERENCES",
  "formats/responses/custom-input.ts ESCAPES",
  "formats/schema/describe.ts ARTICLES",
  "telemetry/metrics/exposition.ts ESCAPES",
  "telemetry/metrics/otel-names.ts ATTRIBUTES",
  "telemetry/metrics/push/pushed-names.ts ALIASES",
  "telemetry/metrics/push/pushed-names.ts ROOM",
  "telemetry/metrics/push/read-json.ts KINDS",
  "telemetry/otlp/log-records.ts SEVERITIES",
];

test("a table that is asked for words of others is a Map, or asked by Object.hasOwn first", () => {
  const source = `${import.meta.dir}/../../src`;
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const found = files.flatMap((file) => {
    const text = readFileSync(`${source}/${file}`, "utf8");
    return [...text.matchAll(/^(?:export )?const (\w+): Readonly<Record<string, .+>> = /gm)]
      .map(([, name = ""]) => name)
      .filter((name) => new RegExp(`(?<!hasOwn\\(.*)\\b${name}\\[(?!")`).test(text))
      .map((name) => `${file} ${name}`);
  });
  expect(found.sort()).toEqual(OF_OWN_WORDS);
});
