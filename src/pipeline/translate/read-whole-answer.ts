import type { ClientRequest } from "../../core/client-request.ts";
import { Failure } from "../../core/errors.ts";
import { asBuffer } from "../../core/json/bytes.ts";
import { decodeObjectInTurns } from "../../core/json/decode-object.ts";
import type { JsonLimits } from "../../core/json/limits.ts";
import { isJsonObject, parseJson } from "../../core/json/parse.ts";
import { redactionOf } from "../../core/redact/redact.ts";
import { MAX_ERROR_BYTES, readAnswerError } from "../../formats/answer-error.ts";
import type { AnswerError, ModelAnswer } from "../../formats/form/answer.ts";
import type { WireDialect, WireTarget } from "../../formats/form/dialect.ts";
import { UNEXPLAINED } from "../../formats/error-text.ts";
import type { ProviderError } from "../../formats/provider-error.ts";
import { type Provider, secretsOf } from "../../providers/provider.ts";
import { UpstreamError, UpstreamFailure } from "../../upstream/errors.ts";

export interface WholeAnswerReading {
  readonly wire: Pick<WireDialect, "readAnswer">;
  readonly target: WireTarget;
  readonly provider: Provider;
  readonly jsonLimits: JsonLimits;
  /** Nobody waits for the answer any more once its signal is aborted. */
  readonly stop: ClientRequest;
}

/**
 * Reads an answer that came in one piece with a good status.
 * @returns the answer, or the error that it is, in whatever words
 * @throws Failure if it is neither
 */
export async function readWholeAnswer(
  bytes: Uint8Array,
  { wire, target, provider, jsonLimits, stop }: WholeAnswerReading,
): Promise<ModelAnswer | { readonly error: AnswerError }> {
  const decoded = await decodeObjectInTurns(bytes, { limits: jsonLimits, stop });
  if ("fault" in decoded) {
    if (decoded.fault === "stopped") throw new Failure("client_gone");
    throw unreadable(decoded.problem, provider);
  }
  const read = wire.readAnswer(decoded.value, target);
  if (!("error" in read)) return read;
  const { error } = read;
  const said = findError(bytes, provider);
  if (!error.isNoAnswer) return { error: joined(error, said) };
  if (said) return { error: joined(undefined, said) };
  throw unreadable(error.message, provider);
}

/** The error that an answer is in the words of some API, which need not be its own, without the provider's secrets. */
function findError(bytes: Uint8Array, provider: Provider): ProviderError | undefined {
  if (bytes.length > MAX_ERROR_BYTES) return undefined;
  const redact = redactionOf(secretsOf(provider));
  const body = parseJson(redact(asBuffer(bytes).toString()));
  return isJsonObject(body) ? readAnswerError(body, redact) : undefined;
}

/** What the reader of the API knows of an error, and what is said beyond that. */
const joined = (read: AnswerError | undefined, said: ProviderError | undefined): AnswerError => ({
  ...said,
  message: said?.message ?? read?.message ?? UNEXPLAINED,
  type: read?.type ?? said?.type,
  code: read?.code ?? said?.code,
});

function unreadable(problem: string, { id }: Provider): Failure {
  const error = new UpstreamError("invalid_response", { phase: "body", requestSent: true });
  const message = `The upstream server sent an answer that cannot be translated: ${problem}`;
  return new UpstreamFailure(error, id, { message });
}
