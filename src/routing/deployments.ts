import type { TimerSource } from "../core/deadlines.ts";
import type { OpenUpstreamCall } from "../upstream/call.ts";
import { createRoutingView } from "./create-routing-view.ts";
import type { Router } from "./engine/route.ts";
import type { RoutedModel } from "./models/routed-model.ts";
import { createRouter } from "./engine/router.ts";
import { createHealthChecks } from "./health-checks/health-checks.ts";
import { type CircuitChange, createDeploymentStates } from "./health/deployment-states.ts";
import { createKnownAnswers, type KnownAnswers } from "./known-answers.ts";
import { createGates } from "./limits/create-gates.ts";
import { createGateStates } from "./limits/gate-states.ts";
import type { ModelSources } from "./models/model-sources.ts";
import { createModelTable, type ModelTable } from "./models/model-table.ts";
import { createOwnModels, type OwnModels } from "./own-models.ts";
import type { RoutePolicy } from "./policy/route-policy.ts";
import type { PriceBook } from "./prices/price-book.ts";
import { createPrices, type Prices } from "./prices/prices.ts";
import type { RoutingView } from "./routing-view.ts";
import type { OpenSharing } from "./sharing/open-sharing.ts";

/** What the names of one configuration mean, and what they cost; built before anything is in use. */
export interface NamedModels {
  readonly table: ModelTable;
  readonly prices: Prices;
}

/** What a configuration routes with. */
export interface OpenDeployments {
  readonly router: Router;
  readonly view: RoutingView;
  readonly answers: KnownAnswers;
  /** Its names, as lists of models show them. */
  list(policy: RoutePolicy): OwnModels;
  /** It is in use from now on: its limits are in force, and deployments are checked. */
  start(): void;
  /** It checks nothing any more. A second call does nothing. */
  stop(): void;
}

/** How deployments do, and what is in flight at them, whatever configuration they are in. */
export interface Deployments {
  /** Builds the models of a configuration. @param book what they cost, as far as they do not say it; undefined if none asks */
  name(sources: ModelSources, book: PriceBook | undefined): NamedModels;
  /** @param openCall for active checks */
  open(named: NamedModels, openCall: OpenUpstreamCall): OpenDeployments;
  /** Forgets what none of these configurations has. */
  retain(inUse: readonly NamedModels[]): void;
  close(): void;
}

export interface DeploymentsParts {
  readonly timers: TimerSource;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number;
  readonly sharing: OpenSharing;
  /** Of several processes that know of each other, this is the one that checks deployments. */
  readonly checks: boolean;
  /** A circuit opened or closed, once for each change. */
  readonly onChange: (change: CircuitChange) => void;
}

export function createDeployments(parts: DeploymentsParts): Deployments {
  const { timers, clock, random, sharing, checks, onChange } = parts;
  const answers = createKnownAnswers(timers.now);
  const gateStates = createGateStates({ timers, clock, sharing });
  const states = createDeploymentStates({
    now: timers.now,
    clock,
    sharing,
    onChange(change) {
      if (change.kind === "recovered") gateStates.turns.wake([change.key]);
      onChange(change);
    },
  });

  return {
    name: (sources, book) => ({ table: createModelTable(sources), prices: createPrices(book) }),
    open({ table, prices }, openCall) {
      const gates = createGates(gateStates, table.gates, queuesOf(table.all));
      const checking = checks
        ? createHealthChecks(table.all, {
            openCall,
            clock,
            timers,
            random,
            onResult(deployment, cooldown, failure) {
              states.checked(deployment, cooldown, failure);
            },
          })
        : undefined;
      return {
        answers,
        router: createRouter({
          models: table.models,
          findModel: table.find,
          forProvider: table.forProvider,
          states,
          gates,
          timers,
          random,
          priceOf: prices.costOf,
        }),
        list: (policy) => createOwnModels(table.models, policy),
        view: createRoutingView({ models: table.all, describe: states.describe, limits: gates.view }),
        start() {
          gates.use();
          checking?.start();
        },
        stop: () => checking?.stop(),
      };
    },
    retain(inUse) {
      const tables = inUse.map(({ table }) => table);
      const models = tables.flatMap(({ all }) => all);
      const deployments = models.flatMap((model) => model.deployments);
      const gates = new Set(tables.flatMap((table) => [...table.gates.keys()]));
      states.retain(
        deployments,
        models.map(({ options }) => options.name),
      );
      sharing.retain(new Set([...gates, ...deployments.map(({ key }) => key)]));
    },
    close() {
      states.close();
      gateStates.close();
    },
  };
}

const queuesOf = (models: readonly RoutedModel[]) =>
  new Map(models.flatMap(({ options: { name, queue } }) => (queue ? [[name, queue] as const] : [])));
