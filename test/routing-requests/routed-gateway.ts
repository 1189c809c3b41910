import { joinTimeouts } from "../../src/core/timeouts.ts";
import type { RoutedModel } from "../../src/routing/engine/route.ts";
import type { ModelSources } from "../../src/routing/models/model-sources.ts";
import type { ModelOptions, ParamOptions, TimeoutOptions } from "../../src/routing/models/model-options.ts";
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
}

export interface ModelSketch extends Partial<Omit<ModelOptions, "deployments">> {
  readonly name: string;
  readonly deployments: readonly DeploymentSketch[];
}

export interface RoutedGateway extends AsyncDisposable {
  readonly gateway: RunningGateway;
  readonly left: MockProvider;
  readonly right: MockProvider;
  readonly router: SequentialRouter;
  post(path: string, body: unknown, init?: Pick<RequestInit, "headers" | "signal">): Promise<Response>;
  /** The line of the log for a request, by the id of its answer. */
  lineOf(response: Response): Promise<Readonly<Record<string, unknown>>>;
}

export const LEFT_KEY = "sk-left-0123456789";
export const RIGHT_KEY = "sk-right-0123456789";

/** Which APIs the two providers have. */
export interface ProviderApis {
  readonly left?: string;
  readonly right?: string;
}

/** A gateway with the models, in front of two mock providers, `left` and `right`. */
export async function startRouted(
  models: readonly ModelSketch[],
  { left: leftApis = "chat", right: rightApis = "chat" }: ProviderApis = {},
  environment: Readonly<Record<string, string>> = {},
  substitutes: Substitutes = {},
): Promise<RoutedGateway> {
  const [left, right] = await Promise.all([startMockProvider(), startMockProvider()]);
  const deployments = sequentialDeployments((sources) => models.map((model) => routedModel(sources, model)));
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
    { deployments, ...substitutes },
  );
  // Their models are listed first, with an answer that none of a test is to be.
  await Promise.all([left.nextRequest(), right.nextRequest()]);
  return {
    ...{ gateway, left, right, router: deployments.router() },
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

/** Such a model, with the providers of a configuration. */
export function routedModel(
  { providers }: Pick<ModelSources, "providers">,
  { deployments, ...options }: ModelSketch,
): RoutedModel {
  const attempts = options.fallbacks ? 4 : Math.max(deployments.length, 1);
  return {
    options: {
      deployments: deployments.map(({ provider, model = "m" }, priority) => ({ provider, model, weight: 1, priority })),
      strategy: "priority",
      ...{ fallbacks: [], contextFallbacks: [], contentFallbacks: [], timeouts: {}, limits: {}, resumes: false },
      retries: { attempts, on: new Set(), repeatsSent: true, backoffMs: 1, maxBackoffMs: 1 },
      cooldown: { failures: 3, rate: 0.5, forMs: 30_000, maxMs: 600_000, slowStartMs: 0, whenAll: "try" },
      ...options,
    },
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
