/** How the soak's provider answers a model of that name. */
export const PROVIDER_ANSWERS = {
  "soak-chat": "a JSON completion",
  "soak-stream": "64 events, one in 20 ms",
  "soak-flood": "8 MB of events as fast as they are taken",
  "soak-429": "429 with an error object and Retry-After",
  "soak-500": "500 with an error object",
  "soak-reset": "the connection is cut instead of an answer",
  "soak-cut": "a stream that is cut within its fifth event",
  "soak-mute": "no answer at all",
  "soak-stall": "a stream that falls silent after three events, and stays open",
} as const;
export type ProviderAnswer = keyof typeof PROVIDER_ANSWERS;

/** How an exchange has to end. */
export type Ending =
  | { readonly status: number }
  /** A whole stream, with its `[DONE]`. */
  | { readonly stream: "whole" }
  /** A stream that ends with an error event and without `[DONE]`; or that status, where the stream may fail before it begins. */
  | { readonly stream: "failed"; readonly orStatus?: number }
  /** The client leaves: nothing is expected. */
  | { readonly stream: "left" };

/** What a client of the soak asks for, does, and has to see. */
export interface SoakKind {
  /** Share of all requests, in percent. */
  readonly percent: number;
  readonly answer: ProviderAnswer;
  readonly ending: Ending;
  /** Size of the request body; 200 bytes without it. */
  readonly bodyBytes?: number;
  /** Leaves that many milliseconds after it asked. */
  readonly leavesAfterMs?: number;
  /** Leaves after that many events. */
  readonly leavesAfterEvents?: number;
  /** Stops reading for that many milliseconds after each piece. */
  readonly pauseMs?: number;
}

/** The mix of the soak: what clients and providers do to a gateway that has been up for long. */
export const SOAK_KINDS = {
  chat: { percent: 30, answer: "soak-chat", ending: { status: 200 } },
  "large chat": { percent: 10, answer: "soak-chat", ending: { status: 200 }, bodyBytes: 32_768 },
  stream: { percent: 26, answer: "soak-stream", ending: { stream: "whole" } },
  "slow reader": { percent: 4, answer: "soak-flood", ending: { stream: "whole" }, pauseMs: 100 },
  "left before the answer": { percent: 6, answer: "soak-mute", ending: { stream: "left" }, leavesAfterMs: 100 },
  "left within a stream": { percent: 8, answer: "soak-stream", ending: { stream: "left" }, leavesAfterEvents: 3 },
  "left within a flood": { percent: 2, answer: "soak-flood", ending: { stream: "left" }, leavesAfterEvents: 3 },
  "provider refuses": { percent: 4, answer: "soak-429", ending: { status: 429 } },
  "provider fails": { percent: 4, answer: "soak-500", ending: { status: 500 } },
  "provider hangs up": { percent: 2, answer: "soak-reset", ending: { status: 502 } },
  // On a busy machine the gateway sees the cut together with the beginning.
  "provider cuts a stream": { percent: 2, answer: "soak-cut", ending: { stream: "failed", orStatus: 502 } },
  "provider is mute": { percent: 1, answer: "soak-mute", ending: { status: 504 } },
  "provider stalls": { percent: 1, answer: "soak-stall", ending: { stream: "failed" } },
} as const satisfies Record<string, SoakKind>;
export type SoakKindName = keyof typeof SOAK_KINDS;

const NAMES = Object.keys(SOAK_KINDS) as SoakKindName[];
const SEQUENCE: readonly SoakKindName[] = NAMES.flatMap((name) =>
  Array<SoakKindName>(SOAK_KINDS[name].percent).fill(name),
);

// Prime to the length of the sequence: a hundred requests on end have every kind in its share, well mixed.
const STRIDE = 37;

/** The kind of the soak's n-th request. The same in every run. */
export function kindOf(index: number): SoakKindName {
  return SEQUENCE[(index * STRIDE) % SEQUENCE.length] ?? "chat";
}

/** Whether clients of this kind ask for a stream. */
export function asksForStream({ ending }: SoakKind): boolean {
  return "stream" in ending;
}
