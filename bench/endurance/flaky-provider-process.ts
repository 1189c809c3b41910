/**
 * Flaky providers as a process of their own. Environment: `MARKS`, with commas between. Reports their ports by IPC, carries out
 * each plan that it is sent, and after its end reports it, once asked.
 */
import { type PlannedFault, sufferAsPlanned } from "../../test/fixtures/fault-plan.ts";
import { startFlakyProvider } from "../../test/fixtures/flaky-provider.ts";

/** A plan that was carried out, times by the clock that all processes share. */
export interface PlanReport {
  readonly faults: readonly PlannedFault[];
  /** When requests arrived, by provider. */
  readonly attempts: readonly (readonly number[])[];
}

const providers = await Promise.all((process.env["MARKS"] ?? "").split(",").map(startFlakyProvider));
let suffering: Promise<readonly PlannedFault[]> = Promise.resolve([]);
process.on("message", async (asked: readonly PlannedFault[] | "report") => {
  if (asked !== "report") suffering = sufferAsPlanned(providers, asked);
  else {
    const faults = await suffering;
    process.send?.({ faults, attempts: providers.map(({ attempts }) => attempts.splice(0)) } satisfies PlanReport);
  }
});
process.on("disconnect", () => process.exit(0));
process.send?.(providers.map(({ port }) => port));
