import type { OpenUpstreamCall } from "../upstream/call.ts";
import type { Deployments, DeploymentsParts, NamedModels, OpenDeployments } from "./deployments.ts";
import type { PriceBook } from "./prices/price-book.ts";
import type { ModelSources } from "./models/model-sources.ts";

/** Opens what knows of deployments, once a configuration has any: its code is not loaded before. */
export interface LazyDeployments {
  /** @returns undefined if the configuration has no name that needs to be routed */
  name(sources: ModelSources, book: PriceBook | undefined): Promise<NamedModels | undefined>;
  /** Of names that were built here. */
  open(named: NamedModels | undefined, openCall: OpenUpstreamCall): OpenDeployments | undefined;
  /** See {@link Deployments.retain}. */
  retain(inUse: readonly (NamedModels | undefined)[]): void;
  close(): void;
}

export function openDeployments(parts: DeploymentsParts): LazyDeployments {
  let deployments: Deployments | undefined;
  return {
    async name(sources, book) {
      if (sources.models.length + sources.plainModels.length === 0) return undefined;
      const { createDeployments } = await import("./deployments.ts");
      deployments ??= createDeployments(parts);
      return deployments.name(sources, book);
    },
    open: (named, openCall) => named && deployments?.open(named, openCall),
    retain: (inUse) => deployments?.retain(inUse.flatMap((named) => named ?? [])),
    close: () => deployments?.close(),
  };
}
