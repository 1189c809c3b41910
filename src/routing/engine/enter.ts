import { type GateRefusal, type Gates, isPermit } from "../limits/gates.ts";
import type { Deployment } from "../models/deployment.ts";
import type { ModelOptions } from "../models/model-options.ts";
import type { Choice } from "../strategies/strategy.ts";
import { Attempt, type AttemptParts } from "./attempt.ts";
import type { ChainLink, ModelCandidate } from "./prepare-model.ts";
import type { AskedRequest, AttemptKind } from "./route.ts";

export interface EnterParts extends AttemptParts {
  readonly gates: Gates;
}

/** How an attempt is to be made. */
export interface Entry {
  readonly kind: AttemptKind;
  readonly now: number;
  /** What the request will use, as far as can be said before. */
  readonly estimatedTokens: number;
  /** Told of each deployment that is at a limit. */
  readonly onRefusal?: (refusal: GateRefusal) => void;
}

/**
 * Chooses among deployments, and takes the permits of the chosen one; if it is at a limit, those of another one, unless other
 * processes are being asked whether it is.
 * @param candidates that may be asked
 * @returns an attempt that is to be begun or cancelled; undefined if all are at a limit, or others are asked
 */
export function enter<Reply>(
  parts: EnterParts,
  { model, star }: ChainLink,
  request: AskedRequest,
  candidates: readonly ModelCandidate[],
  entry: Entry,
): Attempt<Reply> | undefined {
  const [only] = candidates;
  if (only && candidates.length === 1) return enterOne<Reply>(parts, star, only, entry);
  const preferred = request.prefers && candidateOf(request.prefers, candidates);
  const stayed = preferred && tryOne<Reply>(parts, star, preferred, entry);
  if (stayed instanceof Attempt) return stayed;
  if (stayed?.isAsking) return undefined;
  const choice: Choice = { stickyKey: keyFor(request, model.options), star, now: entry.now, peeks: false };
  let left = preferred ? without(preferred, candidates) : candidates;
  while (left.length > 0) {
    const chosen = model.strategy(left, choice);
    const entered = tryOne<Reply>(parts, star, chosen, entry);
    if (entered instanceof Attempt) return entered;
    if (entered.isAsking) return undefined;
    left = without(chosen, left);
  }
  return undefined;
}

const keyFor = (request: AskedRequest, model: ModelOptions): string | undefined =>
  model.sticky && request.stickyKeyFor ? request.stickyKeyFor(model) : request.stickyKey;

// Apart, because a function with a closure costs an object each time that it is called.
const candidateOf = (asked: Deployment, candidates: readonly ModelCandidate[]): ModelCandidate | undefined =>
  candidates.find(({ deployment }) => deployment === asked);
const without = (chosen: ModelCandidate, candidates: readonly ModelCandidate[]): readonly ModelCandidate[] =>
  candidates.filter((candidate) => candidate !== chosen);

/** As {@link enter}, for one that is chosen. */
export function enterOne<Reply>(
  parts: EnterParts,
  star: string,
  candidate: ModelCandidate,
  entry: Entry,
): Attempt<Reply> | undefined {
  const entered = tryOne<Reply>(parts, star, candidate, entry);
  return entered instanceof Attempt ? entered : undefined;
}

function tryOne<Reply>(
  parts: EnterParts,
  star: string,
  candidate: ModelCandidate,
  { kind, now, estimatedTokens, onRefusal }: Entry,
): Attempt<Reply> | GateRefusal {
  const { deployment } = candidate;
  if (deployment.gates.length === 0) return new Attempt(parts, kind, candidate, star, undefined, now);
  const entered = parts.gates.tryEnter(deployment, estimatedTokens);
  if (isPermit(entered)) return new Attempt(parts, kind, candidate, star, entered, now);
  onRefusal?.(entered);
  return entered;
}
