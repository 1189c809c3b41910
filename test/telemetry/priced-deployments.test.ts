import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { configOf } from "../config/file/load-file.ts";

/** The prices of a file, in front of one provider under two names, and of deployments. */
const FILE = (url: string): string => `
general: { cost_header: true }
providers:
  left: { base_url: "${url}/left/v1", api_key: k, apis: [chat] }
  right: { base_url: "${url}/right/v1", api_key: k, apis: [chat] }
  openai: { base_url: "${url}/openai/v1", api_key: k }
prices:
  left:
    "*": { input: 1, output: 2, request: 0.5 }
    small-*: { input: 0.1, output: 0.2, cached_input: 0.01 }
    big: { input: 10, output: 20, tiers: [{ above: 100, input: 20 }] }
  openai:
    gpt-4o-mini: { input: 0, output: 0 }
models:
  dear:
    deployments:
      - { provider: right, model: m, price: { input: 100, output: 200, reasoning: 300 } }
      - { provider: left, model: small-one }
  lone: { deployments: [{ provider: right, model: m, price: { input: 100, output: 200, reasoning: 300 } }] }
`;

let provider: MockProvider;
let gateway: RunningGateway;
/** What each of the two answers, by the first part of the path. */
const answers = new Map<string, () => ReturnType<typeof json>>();

beforeAll(async () => {
  provider = await startMockProvider();
  provider.answerAlways(({ method, target }) => {
    const answer = answers.get(target.split("/")[1] ?? "");
    return method === "GET" || !answer ? json(200, { data: [] }) : answer();
  });
  const config = await configOf(FILE(provider.url), { SERVER_PORT: "0" });
  gateway = await startGateway({}, { change: () => config });
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop();
});

const USAGE = {
  ...{ prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
  ...{ prompt_tokens_details: { cached_tokens: 40 }, completion_tokens_details: { reasoning_tokens: 5 } },
};
const good = (usage: object = USAGE) => json(200, { choices: [{ message: { content: "hi" } }], usage });

async function ask(model: string) {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model, messages: [{ role: "user", content: "hi" }] }),
  });
  await response.arrayBuffer();
  const id = response.headers.get("x-request-id");
  const line = await gateway.logged(({ request_id: of, msg }) => of === id && msg === "request");
  return { line, dollars: response.headers.get("x-cost-usd") };
}

describe("what the operator says of prices", () => {
  test.each([
    // 100 * 1 + 10 * 2 for a million, and half a dollar.
    ["all models of a provider", "left/any", "0.50012"],
    // 60 * 0.1 + 40 * 0.01 + 10 * 0.2
    ["some of them", "left/small-one", "0.0000084"],
    // 100 * 10 + 10 * 20
    ["one of them", "left/big", "0.0012"],
    ["one that the list knows too", "openai/gpt-4o-mini", "0"],
    // 60 * 2.50 + 40 * 1.25 + 10 * 10, from the list
    ["others of that provider", "openai/gpt-4o", "0.0003"],
  ])("is what %s cost", async (_, model, dollars) => {
    answers.set("left", good).set("openai", good);
    expect((await ask(model)).dollars).toBe(dollars);
  });

  test("has tiers", async () => {
    // 101 * 20 + 10 * 20
    answers.set("left", () => good({ prompt_tokens: 101, completion_tokens: 10 }));
    expect((await ask("left/big")).dollars).toBe("0.00222");
  });

  test("is not known of a server of one's own that has none", async () => {
    answers.set("right", good);
    const { line, dollars } = await ask("right/m");
    expect(line).toMatchObject({ cost_usd: null });
    expect(dollars).toBeNull();
  });
});

describe("a name with deployments", () => {
  test("costs what the one costs that answers, by its own price before all others", async () => {
    answers.set("right", good).set("left", good);
    // 100 * 100 + 5 * 200 + 5 * 300
    expect(await ask("dear")).toMatchObject({ dollars: "0.0125", line: { provider: "right", cost_usd: 0.0125 } });
  });

  test("costs what its only one costs", async () => {
    answers.set("right", good);
    expect(await ask("lone")).toMatchObject({ dollars: "0.0125", line: { provider: "right", cost_usd: 0.0125 } });
  });

  test("costs nothing more for attempts that failed, which are told apart", async () => {
    answers.set("left", good).set("right", () => json(500, { error: { message: "no" }, usage: USAGE }));
    for (let count = 0; count < 2; count++) {
      const { line, dollars } = await ask("dear");
      expect(dollars).toBe(line["provider"] === "left" ? "0.0000084" : null);
      expect(line).toMatchObject({ provider: "left", input_tokens: 100, usage_source: "provider" });
    }
  });
});
