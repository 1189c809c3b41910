import type { Failure } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json/parse.ts";
import { redactionOf } from "../../core/redact/redact.ts";
import type { Format } from "../../formats/format.ts";
import { readValue } from "../../formats/provider-error.ts";
import { type Provider, secretsOf } from "../../providers/provider.ts";
import { answerFailure } from "../translate/answer-failure.ts";

/** Whose answer it is, and for a client of which API. */
export interface AnsweredAs {
  readonly format: Format;
  readonly provider: Provider;
}

const UNEXPLAINED = "The provider reported an error without a message";

/** The failure for an error that a provider reports in an answer with a good status, in whatever words: all of it is masked. */
export function reportedFailure(error: unknown, { format, provider }: AnsweredAs): Failure {
  const redact = redactionOf(secretsOf(provider));
  const { message, type, code } = readValue(isJsonObject(error) ? error : { error }, redact);
  const told = { message: redact(message ?? UNEXPLAINED), type, code: code === undefined ? undefined : String(code) };
  return answerFailure(told, provider, format);
}
