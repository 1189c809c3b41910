import { joinTimeouts } from "../../src/core/timeouts.ts";
import type { RoutedModel } from "../../src/routing/models/routed-model.ts";
import type { ModelSources } from "../../src/routing/models/model-sources.ts";
import type {
  ModelOptions,
  ParamOptions,
  PrefillOption,
  RetryReason,
  TimeoutOptions,
} from "../../src/routing/models/model-options.ts";
import { json } from "../fixtures/answers.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway, type Substitutes } from "../fixtures/start-in-process.ts";
import { sequentialDeployments } from "../fixtures/sequential-deployments.ts";
import type { SequentialRouter } from "../fixtures/sequential-router.ts";

export interface DeploymentSketch {
  readonly provider: string;
  readonly model?: string;
  readonly params?: ParamOptions;
  readonly timeouts?: TimeoutOptions;
  readonly prefill?: PrefillOption;
}

export interface ModelSketch extends Partial<Omit<ModelOptions, "deployments">> {
  readonly name: string;
  readonly deployments: readonly DeploymentSketch[];
}

export interface TwoProviders extends AsyncDisposable {
  readonly gateway: RunningGateway;
  readonly left: MockProvider;
  readonly right: MockProvider;
  post(path: string, body: unknown, init?: Pick<RequestInit, "headers" | "signal">): Promise<Response>;
  /** The line of the log for a request, by the id of its answer. */
  lineOf(response: Response): Promise<Readonly<Record<string, unknown>>>;
}

export interface RoutedGateway extends TwoProviders {
  readonly router: SequentialRouter;
}

export const LEFT_KEY = "sk-left-0123456789";
export const RIGHT_KEY = "sk-right-0123456789";

const ALL_REASONS: ReadonlySet<RetryReason> = new Set<RetryReason>([
  ...(["connect", "send", "timeout", "first_token", "empty", "error_event", "invalid"] as const),
  ...(["408", "429", "500", "502", "503", "504", "529"] as const),
]);

/** Which APIs the two providers have. */
export interface ProviderApis {
  readonly left?: string;
  readonly right?: string;
}

/** A gateway with the models and the simplest router, in front of two mock providers, `left` and `right`. */
export async function startRouted(
  models: readonly ModelSketch[],
  apis?: ProviderApis,
  environment?: Readonly<Record<string, string>>,
): Promise<RoutedGateway> {
  const deployments = sequentialDeployments((sources) => models.map((model) => routedModel(sources, model)));
  const started = await startTwoProviders({ deployments }, apis, environment);
  return { ...started, router: deployments.router() };
}

/** A gateway in front of two mock providers, `left` and `right`. */
export async function startTwoProviders(
  substitutes: Substitutes,
  { left: leftApis = "chat", right: rightApis = "chat" }: ProviderApis = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<TwoProviders> {
  const [left, right] = await Promise.all([startMockProvider(), startMockProvider()]);
  for (const provider of [left, right]) {
    provider.answerAlways(({ method }) => json(method === "GET" ? 200 : 501, { data: [] }));
  }
  const gateway = await startGateway(
    {
      CUSTOM_PROVIDERS: "left,right",
      ...{ LEFT_API_URL: `${left.url}/v1`, LEFT_API_KEY: LEFT_KEY, LEFT_APIS: leftApis },
      ...{ RIGHT_API_URL: `${right.url}/v1`, RIGHT_API_KEY: RIGHT_KEY, RIGHT_APIS: rightApis },
      ...environment,
    },
    substitutes,
  );
  for (const provider of [left, right]) provider.readBy(gateway);
  // Their models are listed first, with an answer that none of a test is to be.
  await Promise.all([left.nextRequest(), right.nextRequest()]);
  return {
    ...{ gateway, left, right },
    post: (path, body, init = {}) =>
      fetch(gateway.url + path, {
        ...init,
        method: "POST",
        headers: { "content-type": "application/json", ...init.headers },
        body: JSON.stringify(body),
      }),
    lineOf(response) {
      const id = response.headers.get("x-request-id");
      return gateway.logged(({ request_id: of, msg }) => of === id && msg === "request");
    },
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      await Promise.all([left.stop(), right.stop()]);
    },
  };
}

/**
 * The model of one test of many at a gateway, so that no other finds its deployments resting: what is known of one is by
 * provider and model.
 */
export const modelAt = (index: number) => ({
  name: `fast-${index}`,
  deployments: [
    { provider: "left", model: `left-model-${index}` },
    { provider: "right", model: `right-model-${index}` },
  ] as const,
});

/** What the operator says of such a model. */
function modelOptions({ deployments, ...options }: ModelSketch): ModelOptions {
  const attempts = options.fallbacks ? 4 : Math.max(deployments.length, 1);
  return {
    deployments: deployments.map(({ provider, model = `${provider}-model`, params, timeouts, prefill }, priority) => ({
      ...{ provider, model, weight: 1, priority },
      ...(params && { params }),
      ...(timeouts && { timeouts }),
      ...(prefill && { prefill }),
    })),
    strategy: "priority",
    ...{ fallbacks: [], contextFallbacks: [], contentFallbacks: [], timeouts: {}, limits: {}, resumes: false },
    retries: { attempts, on: ALL_REASONS, repeatsSent: true, backoffMs: 1, maxBackoffMs: 1 },
    cooldown: { failures: 3, rate: 0.5, forMs: 30_000, maxMs: 600_000, slowStartMs: 0, whenAll: "try" },
    ...options,
  };
}

/** As the configuration has it, whose lists are its own. */
const ofConfig = ({ fallbacks, contextFallbacks, contentFallbacks, ...options }: ModelOptions) => ({
  ...options,
  ...{ fallbacks: [...fallbacks], contextFallbacks: [...contextFallbacks], contentFallbacks: [...contentFallbacks] },
});

/** The gateway's own router with these models. */
export const withModels = (models: readonly ModelSketch[]): Substitutes => ({
  change: (config) => ({ ...config, models: models.map(modelOptions).map(ofConfig) }),
});

/** Such a model, with the providers of a configuration. */
export function routedModel(
  { providers }: Pick<ModelSources, "providers">,
  { deployments, ...options }: ModelSketch,
): RoutedModel {
  return {
    options: modelOptions({ deployments, ...options }),
    deployments: deployments.map(({ provider: id, model = `${id}-model`, params, timeouts = {} }, priority) => {
      const provider = providers.find((each) => each.id === id);
      if (!provider) throw new Error(`there is no provider ${id}`);
      const key = `${provider.endpointKey} ${model}`;
      const label = `${id}/${model}`;
      const all = joinTimeouts([
        { of: `model ${options.name}`, timeouts: options.timeouts },
        { of: `deployment ${label}`, timeouts },
      ]);
      return { key, label, provider, model, weight: 1, priority, timeouts: all ?? {}, gates: [], params };
    }),
  };
}
