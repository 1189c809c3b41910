import type { Format } from "./format.ts";
import type { CheckRequest } from "./schema/check.ts";

/** The checks of whole requests by their schemas. */
export type StrictChecks = ReadonlyMap<Format, CheckRequest>;

/** Loads the schemas of formats, with the library for them: 120 modules, which only `VALIDATION=strict` needs. */
export async function loadStrictChecks(formats: readonly Format[]): Promise<StrictChecks> {
  return new Map(await Promise.all(formats.map(async (format) => [format, await format.loadCheck()] as const)));
}
