import type { MinuteAmount, MinuteClaim } from "../sharing/minutes.ts";
import type { Gate } from "./gate.ts";
import type { MinuteLease } from "./minute-lease.ts";

/** What has passed at a gate in its minute. */
export const usedOf = ({ own }: Gate): MinuteAmount => ({ requests: own.requests, tokens: Math.ceil(own.tokens) });

/** There is something of what is limited that was not used. */
export const hasSpare = ({ own, requestsPerMinute, tokensPerMinute }: Gate, lease: MinuteLease): boolean =>
  (requestsPerMinute !== Number.POSITIVE_INFINITY && lease.requests > own.requests) ||
  (tokensPerMinute !== Number.POSITIVE_INFINITY && lease.tokens >= own.tokens + 1);

const limitOf = (limit: number): number | undefined => (limit === Number.POSITIVE_INFINITY ? undefined : limit);

/** What is to be said of the minute of a gate; if something is needed there, with that. */
export function claimOf(gate: Gate, lease: MinuteLease, at: number): Omit<MinuteClaim, "sequence" | "asks"> {
  const { key, own, requestsPerMinute, tokensPerMinute, waiting } = gate;
  const used = usedOf(gate);
  const requests = lease.isNeeded ? 1 : 0;
  const tokens = lease.isNeeded ? lease.neededTokens : 0;
  const many = lease.isNeeded ? Math.max(1, waiting) : 0;
  return {
    gate: key,
    minute: own.minute,
    at,
    used,
    limits: { requests: limitOf(requestsPerMinute), tokens: limitOf(tokensPerMinute) },
    before: { requests: own.requestsBefore, tokens: Math.ceil(own.tokensBefore) },
    held: { requests: Math.max(lease.requests, used.requests), tokens: Math.max(lease.tokens, used.tokens) },
    need: { requests, tokens },
    wish: { requests: many, tokens: many * tokens },
  };
}
