import type { JsonObject } from "../../core/json/parse.ts";
import type { Block } from "./blocks.ts";

/** A whole answer of a model in the form between all API formats. */
export interface ModelAnswer {
  /** The provider's id of it, if it said one. Writers make ids of their own. */
  readonly id: string | undefined;
  /** As the provider names it. */
  readonly model: string | undefined;
  readonly blocks: readonly Block[];
  readonly stop: Stop;
  readonly usage: Usage | undefined;
}

/** Why a model stopped: a closed type, so that no wire's own word reaches another one. */
export type StopReason =
  | "end"
  /** One of the client's stop texts. */
  | "stop_sequence"
  /** As many tokens as were allowed. */
  | "length"
  /** The context is full. */
  | "context"
  /** Tools are to be run. Wins over `end` if the answer has calls. */
  | "tool"
  /** The provider's filter. */
  | "filter"
  /** The model declined. */
  | "refusal"
  /** Anthropic's `pause_turn`: ask again with the same conversation to go on. */
  | "pause"
  | "error";

export interface Stop {
  readonly reason: StopReason;
  /** The stop text that was met, if the provider says which. */
  readonly sequence?: string | undefined;
  /** Why it was declined, in words. */
  readonly explanation?: string | undefined;
}

/** Tokens. `input` includes cached ones and those written to a cache, `output` includes reasoning. Undefined: not said. */
export interface Usage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number | undefined;
  readonly cacheWrite: number | undefined;
  /** The part of `cacheWrite` that is kept for an hour. */
  readonly cacheWriteHour: number | undefined;
  readonly reasoning: number | undefined;
  /** Parts of input and output, for the gateway's own records only: what is not text. */
  readonly audioInput?: number | undefined;
  /** The part of `audioInput` that was cached. */
  readonly audioCacheRead?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly imageOutput?: number | undefined;
  /** Web searches of the provider's own. */
  readonly searches?: number | undefined;
  /** What is billed, if that is another number of tokens. */
  readonly billed?: { readonly input: number; readonly output: number } | undefined;
}

/** A failure that a provider told, in an answer that had begun well or in its error's body. */
export interface AnswerError {
  /** For people. */
  readonly message: string;
  /** OpenAI's or Anthropic's type, such as `rate_limit_error`; undefined if the provider said none. */
  readonly type: string | undefined;
  readonly code: string | number | undefined;
  /** Which member of the request it is about. */
  readonly param?: string | undefined;
  /** What else the provider said of it, within bounds. */
  readonly rest?: JsonObject | undefined;
  /** See {@link noAnswer}. */
  readonly isNoAnswer?: true;
}

/**
 * In place of what is neither an answer of its API nor an error.
 * @param reason why it is none, in a few words that follow a colon
 */
export const noAnswer = (reason: string): AnswerError => ({
  message: reason,
  type: undefined,
  code: undefined,
  isNoAnswer: true,
});
