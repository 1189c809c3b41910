import type { AnswerError } from "./form/answer.ts";

/** OpenAI's code for a response that it does not have. */
const CODE = "previous_response_not_found";

/** What providers write that have no code for it: OpenAI, vLLM, and what follows them. */
const WORDS = /\b(?:previous )?response with id\b.{0,300}\bnot found\b/is;

/** Whether a provider says that it does not have the response that a request goes on from. */
export const isUnknownResponse = ({ message, code }: Pick<AnswerError, "message" | "code">): boolean =>
  code === CODE || WORDS.test(message);
