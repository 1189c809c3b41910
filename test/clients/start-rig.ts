import { json } from "../fixtures/answers.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { type Answer, type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";

/** The keys that the gateway holds; no client may ever see one, and no other may ever reach a provider. */
export const PROVIDER_KEYS = { openai: "sk-provider-openai", anthropic: "sk-ant-provider" } as const;

/** A gateway between a client and one mock provider, which is OpenAI and Anthropic at once. */
export interface Rig extends AsyncDisposable {
  readonly gateway: RunningGateway;
  readonly provider: MockProvider;
  /** The gateway's `/v1`, as OpenAI's clients want it. */
  readonly baseUrl: string;
  /** Queues the answer to one call; the lists of models, which the gateway asks for by itself, are not calls. */
  answer(answer: Answer): void;
  /** Every call that reached the provider, lists of models left out. */
  calls(): readonly ReceivedRequest[];
  /** Forgets answers that nobody asked for and starts counting calls anew. */
  reset(): void;
}

const MODELS = {
  object: "list",
  data: [{ id: "gpt-4o", object: "model", created: 1_715_367_049, owned_by: "system" }],
};

/** Starts a rig. `environment` is added to the settings of the gateway. */
export async function startRig(environment: Readonly<Record<string, string>> = {}): Promise<Rig> {
  const provider = await startMockProvider();
  const answers: Answer[] = [];
  const isListing = ({ method, target }: ReceivedRequest): boolean => method === "GET" && target.includes("/models");
  let forgotten = 0;

  provider.answerAlways((request) => {
    if (isListing(request)) return json(200, request.target.startsWith("/openai/") ? MODELS : { data: [] });
    const next = answers.shift() ?? json(501, { error: { message: "the test queued no answer for this call" } });
    return typeof next === "function" ? next(request) : next;
  });
  const gateway = await startGateway({
    OPENAI_API_KEY: PROVIDER_KEYS.openai,
    OPENAI_API_URL: `${provider.url}/openai/v1`,
    ANTHROPIC_API_KEY: PROVIDER_KEYS.anthropic,
    ANTHROPIC_API_URL: `${provider.url}/anthropic/v1`,
    ...environment,
  });
  provider.readBy(gateway);
  return {
    gateway,
    provider,
    baseUrl: `${gateway.url}/v1`,
    answer: (answer) => void answers.push(answer),
    calls: () => provider.requests.filter((request) => !isListing(request)).slice(forgotten),
    reset() {
      answers.length = 0;
      forgotten = provider.requests.filter((request) => !isListing(request)).length;
    },
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      await provider.stop();
    },
  };
}

/** The text of a request's body. */
export function bodyText(request: ReceivedRequest | undefined): string {
  return Buffer.from(request?.body ?? []).toString();
}
