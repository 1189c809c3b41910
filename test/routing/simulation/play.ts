import { Failure, toFailure } from "../../../src/core/errors.ts";
import { createRouter } from "../../../src/routing/engine/router.ts";
import type { AttemptKind, OpenAttempt, Routed, RoutedRequest } from "../../../src/routing/engine/route.ts";
import type { Route } from "../../../src/routing/models/routed-model.ts";
import { createDeploymentStates } from "../../../src/routing/health/deployment-states.ts";
import { createGates } from "../../../src/routing/limits/create-gates.ts";
import { createGateStates } from "../../../src/routing/limits/gate-states.ts";
import type { Deployment } from "../../../src/routing/models/deployment.ts";
import { ALONE } from "../../../src/routing/sharing/sharing.ts";
import { outcomeOf } from "./provider-answers.ts";
import { createVirtualTime } from "./virtual-time.ts";
import { createWorld, HORIZON_MS } from "./world.ts";

/** A request that does not end by itself is over after this time. */
const LONGEST_MS = 20 * 60_000;

const STARTS_AT = 1_000_000;

interface SimulatedAttempt {
  readonly deployment: Deployment;
  readonly kind: AttemptKind;
  readonly startedAt: number;
  /** Ends it; false: it was over. */
  end(failure: Failure): boolean;
  isOpen: boolean;
}

/** What a schedule came to. */
export interface Played {
  /** What was not as it has to be; none if all was. */
  readonly faults: readonly string[];
  readonly requests: number;
  readonly answered: number;
  readonly attempts: number;
}

/** Lets a few requests meet random providers, and looks whether the router keeps its promises. */
export async function play(seed: number): Promise<Played> {
  const { random, models, limits, queues, phases } = createWorld(seed);
  const { below } = random;
  const chance = (percent: number): boolean => below(100) < percent;
  const time = createVirtualTime(STARTS_AT);
  const { now } = time;
  const faults: string[] = [];
  const fault = (text: string): void => void faults.push(`${Math.round(now() - STARTS_AT)} ms: ${text}`);
  const states = createDeploymentStates({ now, clock: now, sharing: ALONE, onChange() {} });
  const gateStates = createGateStates({ timers: time, clock: now, sharing: ALONE });
  const rules = new Map([...limits].map(([key, each]) => [key, { label: key, limits: each }]));
  const gates = createGates(gateStates, rules, queues);
  const byName = new Map(models.map((model) => [model.options.name, model]));
  const findModel = (name: string): Route | undefined => {
    const model = byName.get(name);
    return model && { model, star: "" };
  };
  const router = createRouter({
    ...{ models, findModel, states, gates, timers: time, random: () => below(1e6) / 1e6 },
    forProvider: () => undefined,
  });
  const open = new Map<string, Set<SimulatedAttempt>>();
  let [answered, attempted, over] = [0, 0, 0];

  const stateOf = ({ key }: Deployment) => states.describe(key, 0)?.state ?? "closed";

  /** None is sent to a deployment that cools while another one is healthy, but for the one that finds out how it is. */
  const checkCooling = (deployment: Deployment): void => {
    const state = stateOf(deployment);
    if (state === "closed") return;
    const coolingUntil = states.describe(deployment.key, 0)?.coolingUntil ?? 0;
    const trials = [...(open.get(deployment.key) ?? [])].filter(({ startedAt }) => startedAt >= coolingUntil);
    if (state === "half_open" && trials.length === 0) return;
    const model = models.find(({ deployments }) => deployments.includes(deployment));
    const healthy = model?.deployments.filter((other) => stateOf(other) === "closed") ?? [];
    if (healthy.length > 0) fault(`${deployment.key} was asked while ${state}, and ${healthy[0]?.key} was healthy`);
  };

  const ask = (model: Route): void => {
    const { attempts: allowed } = model.model.options.retries;
    const mine: SimulatedAttempt[] = [];
    const controller = new AbortController();
    const until = chance(20) ? Number.POSITIVE_INFINITY : now() + 500 + below(60_000);
    let isOver = false;

    const end = (reason: Failure): void => {
      for (const attempt of mine) attempt.end(reason);
      controller.abort(reason);
    };

    const begin = (deployment: Deployment, _: string, kind: AttemptKind): OpenAttempt<SimulatedAttempt> => {
      attempted += 1;
      if (isOver) fault("an attempt was made for a request that was over");
      if (controller.signal.aborted) fault("an attempt was made for a request that had ended");
      if (mine.length >= allowed) fault(`more than ${allowed} attempts were made`);
      if (mine.some((other) => other.isOpen) && kind !== "hedge")
        fault(`two attempts at once, of which one is ${kind}`);
      checkCooling(deployment);
      const phase = phases.get(deployment.key)?.find((each) => STARTS_AT + each.until > now());
      const outcome = outcomeOf(chance(85) ? (phase?.mood ?? "good") : "good", below);
      const { promise, resolve, reject } = Promise.withResolvers<SimulatedAttempt>();
      const all = open.get(deployment.key) ?? new Set();
      open.set(deployment.key, all);
      let isSettled = false;
      const attempt: SimulatedAttempt = {
        ...{ deployment, kind, startedAt: now(), isOpen: true },
        end(failure) {
          if (!attempt.isOpen) return false;
          attempt.isOpen = false;
          all.delete(attempt);
          if (!isSettled) reject(failure);
          return (isSettled = true);
        },
      };
      all.add(attempt);
      mine.push(attempt);
      // Without a deadline of its request, a provider that says nothing is given up after its own.
      const { afterMs, failure } = outcome ?? { afterMs: 30_000, failure: new Failure("response_header_timeout") };
      time.setTimer(() => {
        if (failure) attempt.end(failure);
        else if (attempt.isOpen && !isSettled) {
          isSettled = true;
          cut.set(attempt, outcome?.isCut ?? false);
          resolve(attempt);
        }
      }, afterMs);
      return { answer: promise, cancel: (reason) => void attempt.end(reason) };
    };
    const cut = new WeakMap<SimulatedAttempt, boolean>();

    const request: RoutedRequest<SimulatedAttempt> = {
      ...{ estimatedTokens: below(100), until, signal: () => controller.signal, begin },
      stickyKey: chance(80) ? `user ${below(5)}` : undefined,
    };
    if (until !== Number.POSITIVE_INFINITY) time.setTimer(() => end(new Failure("request_timeout")), until - now());
    if (chance(15)) time.setTimer(() => end(new Failure("client_gone")), below(10_000));
    const startedAt = now();
    const finish = (): void => {
      isOver = true;
      over += 1;
      if (now() > Math.min(until + 100, startedAt + LONGEST_MS)) fault("a request took too long");
    };

    const stream = ({ reply, lease, attempts }: Routed<SimulatedAttempt>): void => {
      finish();
      answered += 1;
      if (mine.some((other) => other !== reply && other.isOpen)) fault("an attempt is open that nobody waits for");
      if (attempts.length !== mine.length) fault("not all attempts are told of");
      if (attempts.at(-1)?.deployment !== reply.deployment) fault("the last attempt is not the one that answered");
      lease.firstToken();
      time.setTimer(() => {
        const broke = cut.get(reply) && reply.isOpen ? new Failure("upstream_reset") : undefined;
        reply.end(new Failure("client_gone"));
        lease.settle({ inputTokens: 10, outputTokens: below(200) }, broke);
        lease.settle(undefined);
      }, below(5000));
    };

    const fail = (error: unknown): void => {
      finish();
      const failure = toFailure(error);
      if (failure.code === "internal") fault(`the router failed: ${String(failure.cause)}`);
      if (mine.some(({ isOpen }) => isOpen)) fault("an attempt is open that nobody waits for");
      if (controller.signal.aborted && failure !== controller.signal.reason) fault(`it ended as ${failure.code}`);
    };
    void router.run(model, request).then(stream, fail);
  };

  const requests = 3 + below(12);
  for (let at = 0; at < requests; at++) {
    time.setTimer(
      () => {
        const route = findModel(chance(80) ? "fast" : "smart");
        if (route) ask(route);
      },
      below(chance(50) ? 2000 : HORIZON_MS),
    );
  }
  while (await time.step(STARTS_AT + HORIZON_MS + LONGEST_MS)) if (faults.length > 0) break;

  if (faults.length === 0) {
    if (over !== requests) fault(`${requests - over} requests never ended`);
    for (const { deployments } of models) {
      for (const { key } of deployments) {
        const inFlight = states.describe(key, 0)?.inFlight ?? 0;
        if (inFlight !== 0) fault(`${inFlight} attempts are in flight at ${key}`);
        const isAvailable = states.of({ key, label: key }).isAvailable(Number.POSITIVE_INFINITY);
        if (!isAvailable) fault(`${key} waits for ever for the attempt that finds out how it is`);
      }
    }
    const view = gates.view();
    for (const { key, inFlight, waiting } of view.gates)
      if (inFlight + waiting > 0) fault(`the gate ${key} is not free`);
    if (view.queues.some(({ waiting }) => waiting > 0)) fault("somebody waits in a queue");
    if (time.waiting() > 0) fault(`${time.waiting()} timers are left`);
  }
  return { faults, requests, answered, attempts: attempted };
}
