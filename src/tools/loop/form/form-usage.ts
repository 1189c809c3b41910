import type { Usage } from "../../../formats/form/answer.ts";

/** What two answers used together. */
export const addUsage = (earlier: Usage, later: Usage): Usage => ({
  input: earlier.input + later.input,
  output: earlier.output + later.output,
  cacheRead: add(earlier.cacheRead, later.cacheRead),
  cacheWrite: add(earlier.cacheWrite, later.cacheWrite),
  cacheWriteHour: add(earlier.cacheWriteHour, later.cacheWriteHour),
  reasoning: add(earlier.reasoning, later.reasoning),
});

const add = (earlier: number | undefined, later: number | undefined): number | undefined =>
  earlier === undefined || later === undefined ? (earlier ?? later) : earlier + later;
