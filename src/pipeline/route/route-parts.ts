import type { Router } from "../../routing/engine/route.ts";
import type { AskParts } from "./ask-deployment.ts";
import type { ResumptionParts } from "./resume/resumption.ts";

/** What requests that several deployments could answer need of the rest of the gateway. */
export interface RouteStageParts extends AskParts, ResumptionParts {
  readonly router: Pick<Router, "run" | "find" | "enterFirst" | "goOn">;
  /** Requests may take several answers, because the gateway runs tools. */
  readonly hasTools: boolean;
}
