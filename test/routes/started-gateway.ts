import { json } from "../fixtures/answers.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { type Answer, type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway, type Substitutes } from "../fixtures/start-in-process.ts";

/** A gateway whose only configured providers are one mock provider, under one or more names. */
export interface StartedGateway extends AsyncDisposable {
  readonly gateway: RunningGateway;
  readonly provider: MockProvider;
  /** What every request but model listings gets from now on. */
  answerWith(answer: Answer): void;
  /** Sends a request to the gateway; a body that is not text or bytes is sent as JSON. Redirects are not followed. */
  send(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** The requests that reached the provider since this was last called, model listings left out. */
  takeCalls(): ReceivedRequest[];
  /** The only one of them. Throws where there are none or several. */
  takeCall(): ReceivedRequest;
}

export const KEY = "sk-test-0123456789";

/** The settings that point OpenAI, Anthropic and Groq at one mock provider. */
export function threeProviders(url: string): Record<string, string> {
  return {
    OPENAI_API_URL: `${url}/v1`,
    OPENAI_API_KEY: KEY,
    ANTHROPIC_API_URL: `${url}/anthropic/v1`,
    ANTHROPIC_API_KEY: KEY,
    GROQ_API_URL: `${url}/groq/v1`,
    GROQ_API_KEY: KEY,
  };
}

/**
 * Starts both. The mock provider lists no models and answers everything else with `{}` until told otherwise.
 * @param environment settings, made from the mock provider's URL
 */
export async function startBesideProvider(
  environment: (providerUrl: string) => Readonly<Record<string, string>> = threeProviders,
  substitutes: Substitutes = {},
): Promise<StartedGateway> {
  const provider = await startMockProvider();
  let answer: Answer = () => json(200, {});
  let taken = 0;
  provider.answerAlways((request) => {
    if (isListing(request)) return json(200, { data: [], models: [], result: [] });
    return typeof answer === "function" ? answer(request) : answer;
  });
  const gateway = await startGateway(environment(provider.url), substitutes).catch(async (error: unknown) => {
    await provider.stop();
    throw error;
  });
  provider.readBy(gateway);
  const send: StartedGateway["send"] = (method, path, body, headers = {}) =>
    fetch(gateway.url + path, {
      method,
      headers,
      redirect: "manual",
      ...(body !== undefined && { body: isWire(body) ? body : JSON.stringify(body) }),
    });
  const takeCalls = (): ReceivedRequest[] => {
    const calls = provider.requests.slice(taken).filter((request) => !isListing(request));
    taken = provider.requests.length;
    return calls;
  };
  return {
    gateway,
    provider,
    answerWith(next) {
      answer = next;
    },
    send,
    post: (path, body, headers) => send("POST", path, body, headers),
    takeCalls,
    takeCall() {
      const calls = takeCalls();
      const [call] = calls;
      if (!call || calls.length > 1) throw new Error(`${calls.length} calls reached the provider, not one`);
      return call;
    },
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      await provider.stop();
    },
  };
}

/** The text of a request's body. */
export function bodyText(request: ReceivedRequest): string {
  return Buffer.from(request.body).toString();
}

function isListing({ method, target }: ReceivedRequest): boolean {
  return method === "GET" && /\/(?:models(?:\/search)?|api\/2\.0\/serving-endpoints)(\?|$)/.test(target);
}

function isWire(body: unknown): body is string | Uint8Array<ArrayBuffer> {
  return typeof body === "string" || body instanceof Uint8Array;
}
