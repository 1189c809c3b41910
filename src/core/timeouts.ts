/*
 * How long parts of a call may take, as operators say it for a provider, a model or a deployment. What none of them says is
 * as the settings of all calls have it.
 */

/** In milliseconds; what is absent is as a wider rule says. */
export interface Timeouts {
  readonly connectMs?: number;
  readonly responseHeaderMs?: number;
  /** From the start of an attempt to the first event that holds content; of a whole answer, to its header. */
  readonly firstTokenMs?: number;
  /** Between two reads of a stream. */
  readonly idleMs?: number;
  /** Of a whole call, streams included. That of a model is for a whole request, with all of its attempts and waits. */
  readonly totalMs?: number;
  /** What says each of them, for errors to name it: `timeouts.idle of model fast`. */
  readonly saidBy?: Readonly<Partial<Record<TimeoutName, string>>>;
}

export type TimeoutName = "connectMs" | "responseHeaderMs" | "firstTokenMs" | "idleMs" | "totalMs";

/** As they are called in the configuration file. */
const WORDS: Readonly<Record<TimeoutName, string>> = {
  connectMs: "connect",
  responseHeaderMs: "header",
  firstTokenMs: "first_token",
  idleMs: "idle",
  totalMs: "total",
};

const NAMES = ["connectMs", "responseHeaderMs", "firstTokenMs", "idleMs", "totalMs"] as const;

/** What one part of the configuration says of timeouts. */
export interface TimeoutRule {
  /** Whose they are, for errors: `provider openai`, `model fast`. */
  readonly of: string;
  readonly timeouts: Timeouts | undefined;
}

/** How errors call a timeout that such a rule says: `timeouts.total of model fast`. */
export const nameOfTimeout = (name: TimeoutName, of: string): string => `timeouts.${WORDS[name]} of ${of}`;

/**
 * Joins what several rules say: of each timeout the narrowest rule that says it counts, and is named for it.
 * @param rules the widest first
 * @returns frozen, to be made once and kept; undefined if no rule says anything, so that nothing is paid for it
 */
export function joinTimeouts(rules: readonly TimeoutRule[]): Timeouts | undefined {
  const joined: { [Name in TimeoutName]?: number } = {};
  const saidBy: { [Name in TimeoutName]?: string } = {};
  for (const { of, timeouts } of rules) {
    for (const name of NAMES) {
      const said = timeouts?.[name];
      if (said === undefined) continue;
      joined[name] = said;
      saidBy[name] = timeouts?.saidBy?.[name] ?? nameOfTimeout(name, of);
    }
  }
  if (Object.keys(joined).length === 0) return undefined;
  return Object.freeze({ ...joined, saidBy: Object.freeze(saidBy) });
}
