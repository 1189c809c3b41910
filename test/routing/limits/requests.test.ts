import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Config } from "../../../src/config/load-config.ts";
import { createGateway, type Gateway } from "../../../src/gateway.ts";
import { createLog } from "../../../src/telemetry/log.ts";
import { configOf } from "../../config/file/load-file.ts";
import { json } from "../../fixtures/answers.ts";
import { createGate, type Gate } from "../../fixtures/gate.ts";
import { type MockProvider, startMockProvider } from "../../fixtures/mock-provider.ts";
import { wait } from "../../fixtures/script.ts";
import { forcedTransport } from "../../fixtures/start-gateway.ts";
import { until } from "../../reload/reloadable.ts";

const ANSWER = {
  choices: [{ index: 0, message: { role: "assistant", content: "hi" } }],
  usage: { prompt_tokens: 400, completion_tokens: 500, total_tokens: 900 },
};

let provider: MockProvider;
let gateway: Gateway | undefined;
let url = "";
let lines: Record<string, unknown>[] = [];
/** What holds back the answers of the provider, by the order of its requests. */
let held: Gate[] = [];

beforeEach(async () => {
  provider = await startMockProvider();
  held = [];
  provider.answerAlways(({ method }) => {
    if (method === "GET") return json(200, { data: [] });
    const gate = createGate();
    held.push(gate);
    return [wait(gate), ...json(200, ANSWER)];
  });
});

afterEach(async () => {
  for (const gate of held) gate.open();
  await gateway?.drain(() => {});
  await provider.stop();
});

/** @param rest lines of the file after the providers, and what the provider has beside its address */
const configured = (ofProvider: string, rest: string): Promise<Config> =>
  configOf(
    [
      "server: { port: 0, shutdown_timeout: 0s }",
      `providers: { left: { base_url: "${provider.url}/v1", api_key: sk-left-0123456789, apis: [chat]${ofProvider} } }`,
      rest,
    ].join("\n"),
    forcedTransport(),
  );

const fast = (limits: string): string =>
  `models: { fast: { deployments: [{ provider: left, model: qwen }], limits: { ${limits} } } }`;

async function open(config: Config): Promise<Gateway> {
  lines = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = createLog({ level: "info", environment: "test" }, { write });
  gateway = await createGateway(config, { log, version: "test" });
  url = (await gateway.listen()).url.replace("localhost", "127.0.0.1");
  return gateway;
}

const ask = (model: string, signal?: AbortSignal): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model, messages: [{ role: "user", content: "hi" }], max_tokens: 50 }),
    ...(signal && { signal }),
  });

const waiting = async (): Promise<number> => {
  const shown = (await (await fetch(`${url}/v1/routing`)).json()) as {
    readonly data: readonly { readonly queue?: { readonly waiting: number } }[];
  };
  return shown.data[0]?.queue?.waiting ?? 0;
};

const untilWaiting = async (count: number): Promise<void> => {
  for (let tries = 0; (await waiting()) !== count; tries++) {
    if (tries > 1000) throw new Error(`never ${count} waiting`);
    await Bun.sleep(2);
  }
};

const codeOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { readonly code: unknown }).code;

describe("a model with one slot and a queue", () => {
  test("asks its provider one after the other, in order, and refuses what is too much", async () => {
    await open(await configured("", fast("max_in_flight: 1, queue: { length: 1, timeout: 60s }")));
    const first = ask("fast");
    await until(() => held.length === 1, "the first is asked");
    const second = ask("fast");
    await untilWaiting(1);
    const over = await ask("fast");
    expect([over.status, over.headers.get("retry-after"), await codeOf(over)]).toEqual([429, "1", "queue_full"]);
    expect(held).toHaveLength(1);
    held[0]?.open();
    expect((await first).status).toBe(200);
    await until(() => held.length === 2, "the second is asked");
    held[1]?.open();
    expect((await second).status).toBe(200);
    await until(() => lines.some((line) => Number(line["queue_ms"]) > 0), "the wait is in the log");
    expect(await waiting()).toBe(0);
    // Who is refused at once has waited for nothing.
    const refused = lines.filter((line) => line["failure"] === "queue_full");
    expect(refused.map((line) => line["queue_ms"])).toEqual([undefined]);
  });

  test("gives the place of a client that leaves to the next one", async () => {
    await open(await configured("", fast("max_in_flight: 1, queue: { length: 1, timeout: 60s }")));
    const first = ask("fast");
    await until(() => held.length === 1, "the first is asked");
    const leaving = new AbortController();
    const gone = ask("fast", leaving.signal).catch(() => "gone");
    await untilWaiting(1);
    leaving.abort();
    expect(await gone).toBe("gone");
    await untilWaiting(0);
    const next = ask("fast");
    await untilWaiting(1);
    held[0]?.open();
    await until(() => held.length === 2, "the next one is asked");
    held[1]?.open();
    expect([(await first).status, (await next).status]).toEqual([200, 200]);
  });

  test("asks for those who wait at once if a reload allows more, and keeps what is in flight if it allows less", async () => {
    const queue = "queue: { length: 9, timeout: 60s }";
    const { apply } = await open(await configured("", fast(`max_in_flight: 1, ${queue}`)));
    const all = [ask("fast")];
    await until(() => held.length === 1, "the first is asked");
    all.push(ask("fast"), ask("fast"));
    await untilWaiting(2);
    await apply(await configured("", fast(`max_in_flight: 3, ${queue}`)));
    await until(() => held.length === 3, "all are asked");
    await apply(await configured("", fast(`max_in_flight: 1, ${queue}`)));
    all.push(ask("fast"));
    await untilWaiting(1);
    held[0]?.open();
    held[1]?.open();
    await Promise.all(all.slice(0, 1));
    await until(() => lines.filter(({ msg }) => msg === "request").length >= 2, "two are over");
    expect([held.length, await waiting()]).toEqual([3, 1]);
    held[2]?.open();
    await until(() => held.length === 4, "the last one is asked");
    held[3]?.open();
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });
});

describe("limits of a provider", () => {
  test("bound requests that name it, too", async () => {
    await open(await configured(", limits: { max_in_flight: 1 }", ""));
    const first = ask("left/qwen");
    await until(() => held.length === 1, "the first is asked");
    const over = await ask("left/other");
    expect([over.status, over.headers.get("retry-after"), await codeOf(over)]).toEqual([429, "1", "at_limit"]);
    held[0]?.open();
    expect((await first).status).toBe(200);
  });

  test("of tokens a minute are settled by what the provider says", async () => {
    await open(await configured(", limits: { tokens_per_minute: 1000 }", ""));
    const first = ask("left/qwen");
    await until(() => held.length === 1, "the first is asked");
    held[0]?.open();
    await (await first).json();
    await until(() => lines.some(({ msg }) => msg === "request"), "it is over");
    const second = ask("left/qwen");
    await until(() => held.length === 2, "the second is asked");
    held[1]?.open();
    await (await second).json();
    await until(() => lines.filter(({ msg }) => msg === "request").length === 2, "it is over");
    const over = await ask("left/qwen");
    expect([over.status, await codeOf(over)]).toEqual([429, "at_limit"]);
    expect(Number(over.headers.get("retry-after"))).toBeGreaterThan(20);
  });
});
