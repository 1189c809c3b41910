import type { Answer } from "../targets/provider-answers.ts";

/** How an exchange has to end. */
export type Ending =
  | { readonly status: number }
  /** A whole stream, with its `[DONE]`. */
  | { readonly stream: "whole" }
  /** A stream that ends with an error event and without `[DONE]`; or that status, if the stream may fail before it begins. */
  | { readonly stream: "failed"; readonly orStatus?: number }
  /** The client leaves: nothing is expected. */
  | { readonly stream: "left" }
  /** Says what is wrong with it; the body is that of a small answer, or the end of a large one. */
  | { readonly fault: (status: number, body: string) => string | undefined };

/** What a client does with an answer, and has to see. */
export interface ClientKind {
  readonly ending: Ending;
  /** Leaves that many milliseconds after it asked. */
  readonly leavesAfterMs?: number;
  /** Leaves after that many pieces of the answer. */
  readonly leavesAfterPieces?: number;
  /** Stops reading for that many milliseconds after each piece. */
  readonly pauseMs?: number;
}

/** What a client of the soak asks for, too. */
export interface SoakKind extends ClientKind {
  /** Share of all requests, in percent. */
  readonly percent: number;
  readonly answer: Answer;
  /** Size of the request body; 200 bytes without it. */
  readonly bodyBytes?: number;
}

/** The mix of the soak: what clients and providers do to a gateway that has been up for long. */
export const SOAK_KINDS = {
  chat: { percent: 30, answer: "json", ending: { status: 200 } },
  "large chat": { percent: 10, answer: "json", ending: { status: 200 }, bodyBytes: 32_768 },
  stream: { percent: 26, answer: "paced", ending: { stream: "whole" } },
  "slow reader": { percent: 4, answer: "flood", ending: { stream: "whole" }, pauseMs: 100 },
  "left before the answer": { percent: 6, answer: "mute", ending: { stream: "left" }, leavesAfterMs: 100 },
  "left within a stream": { percent: 8, answer: "paced", ending: { stream: "left" }, leavesAfterPieces: 3 },
  "left within a flood": { percent: 2, answer: "flood", ending: { stream: "left" }, leavesAfterPieces: 3 },
  "provider refuses": { percent: 4, answer: "refused", ending: { status: 429 } },
  "provider fails": { percent: 4, answer: "failed", ending: { status: 500 } },
  "provider hangs up": { percent: 2, answer: "reset", ending: { status: 502 } },
  // On a busy machine the gateway sees the cut together with the beginning.
  "provider cuts a stream": { percent: 2, answer: "cut", ending: { stream: "failed", orStatus: 502 } },
  "provider is mute": { percent: 1, answer: "mute", ending: { status: 504 } },
  "provider stalls": { percent: 1, answer: "stalled", ending: { stream: "failed" } },
} as const satisfies Record<string, SoakKind>;
export type SoakKindName = keyof typeof SOAK_KINDS;

const NAMES = Object.keys(SOAK_KINDS) as SoakKindName[];
const SEQUENCE = NAMES.flatMap((name) => Array<SoakKindName>(SOAK_KINDS[name].percent).fill(name));

// Prime to the length of the sequence: a hundred requests on end have every kind in its share, well mixed.
const STRIDE = 37;

/** The kind of the soak's n-th request. The same in every run. */
export function kindOf(index: number): SoakKindName {
  return SEQUENCE[(index * STRIDE) % SEQUENCE.length] ?? "chat";
}
