import type { Answer } from "../../test/fixtures/load-provider-answers.ts";

/** Says what is wrong with an answer, by its status and the end of its body; undefined if it ended as it had to. */
export type FindFault = (status: number, tail: string) => string | undefined;

const hasStatus =
  (wanted: number): FindFault =>
  (status) =>
    status === wanted ? undefined : `status ${status}, not ${wanted}`;
const streamOf =
  (findFault: (tail: string, isDone: boolean) => string | undefined): FindFault =>
  (status, tail) =>
    status === 200 ? findFault(tail, tail.endsWith("data: [DONE]\n\n")) : `status ${status}, not a stream`;
const shown = (tail: string): string => JSON.stringify(tail.slice(-80));

/** With its `[DONE]`. */
const WHOLE = streamOf((tail, isDone) => (isDone ? undefined : `a stream that ends in ${shown(tail)}`));
/** Ends with an error event and without `[DONE]`. */
const FAILED = streamOf((tail, isDone) => {
  if (isDone) return "a whole stream where it had to fail";
  return tail.includes('"error"') ? undefined : `a stream without its error: ${shown(tail)}`;
});
const LEFT = streamOf(() => "a whole answer before the client had left");

/** What a client does with an answer, and has to see. */
export interface ClientKind {
  readonly findFault: FindFault;
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
  readonly stream: boolean;
  /** Size of the request body; 200 bytes without it. */
  readonly bodyBytes?: number;
}

/** The mix of the soak: what clients and providers do to a gateway that has been up for long. */
export const SOAK_KINDS = {
  chat: { percent: 30, answer: "json", stream: false, findFault: hasStatus(200) },
  "large chat": { percent: 10, answer: "json", stream: false, findFault: hasStatus(200), bodyBytes: 32_768 },
  stream: { percent: 26, answer: "paced", stream: true, findFault: WHOLE },
  "slow reader": { percent: 4, answer: "flood", stream: true, findFault: WHOLE, pauseMs: 100 },
  "left before the answer": { percent: 6, answer: "mute", stream: true, findFault: LEFT, leavesAfterMs: 100 },
  "left within a stream": { percent: 8, answer: "paced", stream: true, findFault: LEFT, leavesAfterPieces: 3 },
  "left within a flood": { percent: 2, answer: "flood", stream: true, findFault: LEFT, leavesAfterPieces: 3 },
  "provider refuses": { percent: 4, answer: "refused", stream: false, findFault: hasStatus(429) },
  "provider fails": { percent: 4, answer: "failed", stream: false, findFault: hasStatus(500) },
  "provider hangs up": { percent: 2, answer: "reset", stream: false, findFault: hasStatus(502) },
  // On a busy machine the gateway sees the cut together with the beginning.
  "provider cuts a stream": {
    percent: 2,
    answer: "cut",
    stream: true,
    findFault: (status, tail) => (status === 502 ? undefined : FAILED(status, tail)),
  },
  "provider is mute": { percent: 1, answer: "mute", stream: false, findFault: hasStatus(504) },
  "provider stalls": { percent: 1, answer: "stalled", stream: true, findFault: FAILED },
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
