import type { MemoryBudget } from "../../core/memory/budget.ts";
import type { Attempts } from "../attempt/attempts.ts";

/** Gives back what a request holds because others may still be asked. */
export function freeKept(memory: Pick<MemoryBudget, "tryHold">, attempts: Attempts): void {
  const { keptBytes, context } = attempts;
  if (keptBytes === 0) return;
  attempts.keptBytes = 0;
  memory.tryHold(context, Math.max(0, context.heldBytes - keptBytes));
}
