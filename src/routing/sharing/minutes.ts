/** Of what is limited by the minute; whole numbers. */
export interface MinuteAmount {
  readonly requests: number;
  readonly tokens: number;
}

export const NOTHING: MinuteAmount = { requests: 0, tokens: 0 };

/**
 * What a process says of a minute of a gate to whoever keeps that minute for all processes, and what it asks for. It takes
 * the place of what the process said of that minute before.
 */
export interface MinuteClaim {
  readonly gate: string;
  /** Counted from the epoch, by the clock of the process. */
  readonly minute: number;
  /** Milliseconds since the epoch, by the same clock. */
  readonly at: number;
  /** Counts up; the answer has it, too. */
  readonly sequence: number;
  /** What is not limited is undefined, and counts nothing. */
  readonly limits: { readonly requests: number | undefined; readonly tokens: number | undefined };
  /** What it has used of the minute before. */
  readonly before: MinuteAmount;
  /** What it has used. */
  readonly used: MinuteAmount;
  /** What it may use in all, without asking: never less than `used`. Less than it was granted gives the rest back. */
  readonly held: MinuteAmount;
  /** It asks for more. */
  readonly asks: boolean;
  /** It needs so much more than `used`, all of it or nothing; more than the limit is taken for the limit. */
  readonly need: MinuteAmount;
  /** So much more than `used` would be needed at once. */
  readonly wish: MinuteAmount;
}

export interface MinuteAnswer {
  readonly gate: string;
  readonly minute: number;
  readonly sequence: number;
  /** What the process may use in that minute in all. */
  readonly held: MinuteAmount;
  /** How long it is until what is needed may fit, in milliseconds; 0 if it does. */
  readonly requestsWaitMs: number;
  readonly tokensWaitMs: number;
  /** What all other processes hold of it. */
  readonly others: MinuteAmount;
  /** How many processes share the minute. */
  readonly processes: number;
}

export interface MinuteListener {
  answered(answer: MinuteAnswer): void;
  /** Others need what this process holds of a gate and has not used: it is to claim no more than it has used. */
  wanted(gate: string): void;
  /** Others have given something back: who was refused may ask again. */
  freed(gate: string): void;
  /** Nothing that was claimed will be answered, until this is said to be over. */
  away(isAway: boolean): void;
}

/** The allowances of a process in the minutes that several processes share. */
export interface MinuteLeases {
  /** No request waits for an answer for longer, in milliseconds in which it could have been heard. */
  readonly waitMs: number;
  /** Who has answered nothing for so long, in milliseconds in which an answer could have been heard, is away. */
  readonly patienceMs: number;
  /** How many processes there are that may claim, as far as is known. */
  processes(): number;
  /** Is answered later, unless another claim on the gate takes its place. Never throws. */
  claim(claim: MinuteClaim): void;
  listen(listener: MinuteListener): void;
}
