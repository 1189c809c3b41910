import type { Usage } from "../../../formats/form/answer.ts";

/** What two answers used together. */
export const addUsage = (earlier: Usage, later: Usage): Usage => ({
  input: earlier.input + later.input,
  output: earlier.output + later.output,
  cacheRead: add(earlier.cacheRead, later.cacheRead),
  cacheWrite: add(earlier.cacheWrite, later.cacheWrite),
  cacheWriteHour: add(earlier.cacheWriteHour, later.cacheWriteHour),
  reasoning: add(earlier.reasoning, later.reasoning),
  audioInput: add(earlier.audioInput, later.audioInput),
  audioCacheRead: add(earlier.audioCacheRead, later.audioCacheRead),
  audioOutput: add(earlier.audioOutput, later.audioOutput),
  imageOutput: add(earlier.imageOutput, later.imageOutput),
  searches: add(earlier.searches, later.searches),
  billed: addBilled(earlier, later),
});

/** Of a step that does not say what is billed, all is. */
function addBilled(earlier: Usage, later: Usage): Usage["billed"] {
  if (!earlier.billed && !later.billed) return undefined;
  const [one, other] = [earlier.billed ?? earlier, later.billed ?? later];
  return { input: one.input + other.input, output: one.output + other.output };
}

const add = (earlier: number | undefined, later: number | undefined): number | undefined =>
  earlier === undefined || later === undefined ? (earlier ?? later) : earlier + later;
