import type { ProviderApiName } from "../../providers/api-paths.ts";
import type { Answering, Route } from "../../routing/engine/route.ts";
import type { Deployment } from "../../routing/models/deployment.ts";
import type { Way } from "../../routing/choose-way.ts";
import type { RequestRoute } from "../stage.ts";

/** Where another request went, for one that will use more or less: all else is decided once. */
export class EstimatedRoute implements RequestRoute {
  readonly route: Route;
  readonly likely: Deployment;
  readonly alias: string | undefined;
  readonly stickyKey: string | undefined;
  readonly giver: Answering | undefined;
  readonly estimatedTokens: number;
  readonly #known: RequestRoute;

  constructor(known: RequestRoute, estimatedTokens: number) {
    this.#known = known;
    this.route = known.route;
    this.likely = known.likely;
    this.alias = known.alias;
    this.stickyKey = known.stickyKey;
    this.giver = known.giver;
    this.estimatedTokens = estimatedTokens;
  }

  wayOf(deployment: Deployment, model: string, wire?: ProviderApiName): Way {
    return this.#known.wayOf(deployment, model, wire);
  }

  narrow(other: Route): Route | undefined {
    return this.#known.narrow(other);
  }
}
