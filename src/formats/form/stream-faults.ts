import type { AnswerError, Stop } from "./answer.ts";

const fault = (message: string): AnswerError => ({ message, type: "api_error", code: undefined });

/** What a reader says of a provider's stream. */
export const NO_EVENT = fault("The provider sent an event that is no JSON object.");
export const STREAM_BROKE_OFF = fault("The provider's stream broke off before its end.");

/** What a writer says of the answer that it is given. */
export const ANSWER_BROKE_OFF = fault("The provider's answer broke off before its end.");
export const TOO_MIXED = fault("The provider mixed the parts of its answer so far that they cannot be put in order.");

/** The error of an answer that stopped because of one. */
export const stopError = ({ explanation }: Stop): AnswerError => ({
  message: explanation ?? "The provider could not finish its answer.",
  type: "api_error",
  code: undefined,
});
