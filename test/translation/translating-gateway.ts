import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { json } from "../fixtures/answers.ts";
import { type Answer, type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway, type Substitutes } from "../fixtures/start-in-process.ts";
import { TRANSLATED_APIS, type Wire, WIRES } from "../../src/formats/wires.ts";
import { TEST_DIALECTS } from "../fixtures/test-dialect.ts";

export const KEY = "sk-test-0123456789";

/** Providers of one API each, by the name of the API, at one mock provider; `relayed` has all three. */
export function settingsOf(url: string): Record<string, string> {
  const settings: Record<string, string> = {
    // A stream begins with its first whole event: one that comes in many pieces, on a busy machine, would get a sign of life before.
    STREAM_KEEPALIVE: "0s",
    CUSTOM_PROVIDERS: "chatty,messaging,responding,generating,conversing,cohering,relayed,nothing",
  };
  for (const [id, apis] of [
    ["CHATTY", "chat"],
    ["MESSAGING", "messages"],
    ["RESPONDING", "responses"],
    ["GENERATING", "generate"],
    ["CONVERSING", "converse"],
    ["COHERING", "cohere"],
    ["RELAYED", "chat,messages,responses"],
    ["NOTHING", "embeddings"],
  ] as const) {
    Object.assign(settings, { [`${id}_API_URL`]: `${url}/v1`, [`${id}_API_KEY`]: KEY, [`${id}_APIS`]: apis });
  }
  return settings;
}

export interface TranslatingGateway extends AsyncDisposable {
  readonly gateway: RunningGateway;
  readonly provider: MockProvider;
  /** What every request but model listings gets from now on. */
  answerWith(answer: Answer): void;
  post(path: string, body: unknown, init?: Pick<RequestInit, "headers" | "signal">): Promise<Response>;
  /** The calls since this was last asked, model listings left out. */
  takeCalls(): readonly ReceivedRequest[];
}

/** A gateway with the dialects for tests, beside one mock provider. */
export async function startTranslating(
  environment: Readonly<Record<string, string>> | ((url: string) => Readonly<Record<string, string>>) = {},
  substitutes: Substitutes = {},
): Promise<TranslatingGateway> {
  const provider = await startMockProvider();
  let answer: Answer = json(200, { text: "hi" });
  let taken = 0;
  provider.answerAlways((request) => {
    if (request.method === "GET") return json(200, { data: [] });
    return typeof answer === "function" ? answer(request) : answer;
  });
  const gateway = await startGateway(
    { ...settingsOf(provider.url), ...(typeof environment === "function" ? environment(provider.url) : environment) },
    { dialects: TEST_DIALECTS, ...substitutes },
  );
  provider.readBy(gateway);
  return {
    gateway,
    provider,
    answerWith(next) {
      answer = next;
    },
    post: (path, body, init = {}) => fetch(gateway.url + path, { ...init, method: "POST", body: JSON.stringify(body) }),
    takeCalls() {
      const calls = provider.requests.slice(taken).filter(({ method }) => method !== "GET");
      taken = provider.requests.length;
      return calls;
    },
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      await provider.stop();
    },
  };
}

/** The route of each API. */
export const ROUTES = {
  chat: "/v1/chat/completions",
  messages: "/v1/messages",
  responses: "/v1/responses",
} as const;

/** A provider of each API alone. */
export const PROVIDERS = {
  chat: "chatty",
  messages: "messaging",
  responses: "responding",
  generate: "generating",
  converse: "conversing",
  cohere: "cohering",
} as const satisfies Record<Wire, string>;

export const APIS = ["chat", "messages", "responses"] as const;

/** Every client's API with every wire that it is translated to. */
export const ALL_PAIRS = TRANSLATED_APIS.flatMap((client) =>
  WIRES.filter((wire) => wire !== client).map((wire) => [client, wire] as const),
);

/** Every pair of an API of clients and another one that providers have as well. */
export const PAIRS = APIS.flatMap((client) =>
  APIS.filter((wire) => wire !== client).map((wire) => [client, wire] as const),
);
