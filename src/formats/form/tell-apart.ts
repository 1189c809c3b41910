import type { Step } from "./steps.ts";

/**
 * Calls of one conversation must have ids of their own, and some providers count them anew in each answer, or give two the
 * same: later ones get others, and so do their results, in their order.
 * @returns what does so for one step after the other
 */
export function openTellingApart(): (step: Step) => Step {
  /** Ids that calls have already, each with the last number that was put behind it. */
  const told = new Map<string, number>();

  const idOf = (said: string): string => {
    let count = told.get(said) ?? 0;
    if (count === 0) {
      told.set(said, 1);
      return said;
    }
    let id: string;
    do id = `${said}#${(count += 1)}`;
    while (told.has(id));
    told.set(said, count);
    told.set(id, 1);
    return id;
  };

  return (step) => {
    /** By the id that was said, those of its calls that have no result yet, the next one last. */
    const made = new Map<string, string[]>();
    let isChanged = false;
    const said = step.said.map((block) => {
      if (block.type !== "call") return block;
      const id = idOf(block.id);
      isChanged ||= id !== block.id;
      const ids = made.get(block.id);
      if (ids) ids.push(id);
      else made.set(block.id, [id]);
      return id === block.id ? block : { ...block, id };
    });
    if (!isChanged) return step;
    for (const ids of made.values()) ids.reverse();
    const results = step.results.map((result) => {
      const callId = made.get(result.callId)?.pop();
      return callId === undefined ? result : { ...result, callId };
    });
    return { ...step, said, results };
  };
}
