import { Failure } from "../../core/errors.ts";
import { isJsonObject, parseJson } from "../../core/json/parse.ts";
import { redactionOf } from "../../core/redact/redact.ts";
import type { Format } from "../../formats/format.ts";
import { UNEXPLAINED } from "../../formats/error-text.ts";
import { type ProviderError, readValue } from "../../formats/provider-error.ts";
import { readUsage } from "../../formats/usage.ts";
import { type Provider, secretsOf } from "../../providers/provider.ts";
import { bodyOfBytes } from "../../upstream/body.ts";
import type { ResponseBody, UpstreamResponse } from "../../upstream/transport.ts";
import type { JudgedAnswer, Reply } from "../attempt/attempt.ts";
import type { Attempts } from "../attempt/attempts.ts";
import { findAnswerError } from "../judge-answer.ts";
import { beginsLikeDocument, beginsWithEvent, readWholeResponse } from "../attempt/read-response.ts";
import { isEventStream } from "../../upstream/response-headers.ts";
import { answerFailure } from "../translate/answer-failure.ts";
import { awaitContent, type ContentParts, createContentSearch, type ContentSearch } from "../stream/await-content.ts";
import type { MemoryBudget } from "../../core/memory/budget.ts";

export interface JudgeParts extends ContentParts {
  readonly memory: MemoryBudget;
}

/** What an answer is judged by. */
export interface JudgedAs {
  /** Of the client's API. */
  readonly format: Format;
  /** Whose answer it is. */
  readonly provider: Provider;
  readonly streamAsked: boolean;
  /** It is to be one JSON array. */
  readonly isArray: boolean;
  /** It was translated, which has shown that it is no error. */
  readonly isTranslated: boolean;
  /** It is still in the words of its provider's API, which is not the client's. */
  readonly wire?: JudgedWire | undefined;
}

/** How an answer is judged that nobody has translated yet. */
export interface JudgedWire {
  /** Whether it is a stream in a framing of the provider's own. */
  isFramed(response: UpstreamResponse): boolean;
  searchContent(response: UpstreamResponse): ContentSearch;
  /** @throws Failure if a whole answer is none */
  check(bytes: Uint8Array, response: UpstreamResponse): Promise<void>;
}

/** How far it is known what an answer is. */
export interface JudgeProgress {
  /** Some of its content has come; of a stream of a silent provider, none may have. */
  hasContent: boolean;
  /** Resolves if nobody else may be asked any more; absent if nothing else decides that. */
  whenCommitted?(): Promise<void>;
}

/**
 * Waits until it is known that an answer is good: a stream with its first event that has content, a whole one when all of
 * it is there and is no error. What has come of it is kept as it is. A stream whose provider is silent for so long that
 * the client needs a sign of life is good, too: another one cannot take its place any more.
 * @returns the answer, of which all is still to be taken
 * @throws Failure that of the attempt: what was reported in place of an answer, `upstream_empty_response`, or what it broke off with
 */
export async function judgeReply(
  parts: JudgeParts,
  branch: Attempts,
  reply: Reply,
  as: JudgedAs,
  progress: JudgeProgress,
): Promise<Reply> {
  const { response, call } = reply;
  const { body } = response;
  const isEvents = isEventStream(response) || as.wire?.isFramed(response) === true;
  const isArray = as.isArray && as.format.array !== undefined && !isEvents;
  if (isArray || isEvents || (as.streamAsked && (await beginsWithEvent(response, call)))) {
    if (!body) throw emptyAnswer(as);
    call.becomeStream();
    const search = as.wire ? as.wire.searchContent(response) : createContentSearch(as.format, isArray);
    const seen = await awaitContent(parts, body, call, { search, progress });
    if (typeof seen === "object") throw reportedFailure(errorIn(seen.error, as), as, response);
    // One that is silent is watched on by whoever passes it on.
    if (seen !== "silent") call.contentBegan();
    progress.hasContent = seen !== "silent";
    if (seen !== "ended") return reply;
    if (isArray ? !isDocument(body) : !(await beginsLikeDocument(body))) throw emptyAnswer(as);
  }
  return judgeWhole(parts, branch, reply, as);
}

/**
 * The same at once, of a whole answer that came along with its head, as most small ones do.
 * @returns undefined of any other answer
 * @throws Failure see {@link judgeReply}
 */
export function judgeAtOnce(reply: Reply, as: JudgedAs): JudgedAnswer | undefined {
  const { response } = reply;
  if (as.streamAsked || as.isArray || isEventStream(response)) return undefined;
  const { body } = response;
  const bytes = body?.whole;
  return body && bytes ? judgeBytes(reply, body, bytes, as) : undefined;
}

function judgeBytes(reply: Reply, body: ResponseBody, bytes: Uint8Array, as: JudgedAs): JudgedAnswer {
  if (bytes.length === 0) throw emptyAnswer(as);
  const usage = reply.usage ? reply.usage() : (as.format.readUsage ?? readUsage)(bytes);
  const error = as.isTranslated ? undefined : findAnswerError(as.provider, bytes, usage);
  if (error) throw reportedFailure(error, as, reply.response);
  return { body, bytes, usage };
}

const emptyAnswer = ({ provider }: JudgedAs): Failure =>
  new Failure("upstream_empty_response", { provider: provider.id });

const OPEN_BRACE = "{";

/** Of what should be an array: an object is an error, or a whole answer. */
const isDocument = ({ whole }: ResponseBody): boolean =>
  whole !== undefined && Buffer.from(whole).toString("latin1", 0, whole.length).trimStart().startsWith(OPEN_BRACE);

async function judgeWhole({ memory }: JudgeParts, branch: Attempts, reply: Reply, as: JudgedAs): Promise<Reply> {
  const { response, call } = reply;
  const { whole } = response.body ?? {};
  const bytes = whole ?? (await readWholeResponse(response, call, memory, branch.context, branch.keptBytes));
  // There is no room to look at it.
  if (!(bytes instanceof Uint8Array)) return withBody(reply, bytes.tooMuch);
  const body = whole && response.body ? response.body : bodyOfBytes(bytes);
  if (as.wire) {
    if (bytes.length === 0) throw emptyAnswer(as);
    await as.wire.check(bytes, response);
    return withBody(reply, body);
  }
  return { ...withBody(reply, body), judged: judgeBytes(reply, body, bytes, as) };
}

/** An answer with another body. */
export const withBody = ({ response, call, usageInjected, usage, headers }: Reply, body: ResponseBody): Reply => ({
  response: { status: response.status, headers: response.headers, body },
  call,
  usageInjected,
  headers,
  ...(usage && { usage }),
});

/** What a provider reports in a stream with a good status, in whatever words. */
const errorIn = (value: unknown, { provider }: JudgedAs): ProviderError =>
  readValue(isJsonObject(value) ? value : { error: value }, redactionOf(secretsOf(provider)));

/** The failure for an error that a provider reports in an answer with a good status: all of it is masked. */
function reportedFailure(error: ProviderError, { format, provider }: JudgedAs, response: UpstreamResponse): Failure {
  const redact = redactionOf(secretsOf(provider));
  const { message = UNEXPLAINED, type, code, ...more } = parseJson(redact(JSON.stringify(error))) as ProviderError;
  return answerFailure({ message, type, code, ...more }, { provider, format, response });
}
