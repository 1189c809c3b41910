import { toJson } from "../../core/json/bytes.ts";
import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { filledTextOf, listOf } from "../../core/json/values.ts";
import type { MemoryBudget } from "../../core/memory/budget.ts";
import { Failure } from "../../core/errors.ts";
import type { Reply } from "../../pipeline/attempt/attempt.ts";
import { memberOf, parsed } from "../../pipeline/body/received-body.ts";
import type { AdmittedRequest, Answer, Stage } from "../../pipeline/stage.ts";
import { loadContext, NO_CONTEXT, type ResponseContext } from "./context.ts";
import { isOwnId, newResponseId, withId } from "./ids.ts";
import { keepAnswer } from "./keep-answer.ts";
import { ownerOf } from "./owner.ts";
import { outputOf, writeRecord } from "./record.ts";
import { resolveReferences } from "./references.ts";
import { EntryTooLong, type ResponseStore, StoreUnavailable } from "./store.ts";

export interface ResponseStoreStageParts {
  readonly store: ResponseStore;
  readonly memory: Pick<MemoryBudget, "hold">;
  /** Longest request that is sent to a provider, with all that was said before. */
  readonly maxBodyBytes: number;
}

/** While it is loaded, what was said is there as text, as values, and as the body that is made of them. */
const COPIES = 4;

/**
 * Creates the stage that keeps responses whose provider does not: what `previous_response_id` and references to items
 * stand for is put into the request, and the answer is kept unless `store` is false. Requests for providers with the
 * Responses API pass, unless they go on from a response of the gateway's own.
 */
export function createResponseStoreStage(parts: ResponseStoreStageParts): Stage {
  return (admitted, next) => {
    const { format, body, wire, counter } = admitted;
    if (format.api !== "responses") return next(admitted);
    const previousId = filledTextOf(memberOf(body, "previous_response_id"));
    const isTranslated = wire !== "responses" || counter !== undefined;
    if (!isTranslated && (previousId === undefined || !isOwnId(previousId))) return next(admitted);
    const answer = () => answerFrom(parts, admitted, next, previousId, isTranslated);
    return parsed(body, admitted.attempts.request)?.then(answer) ?? answer();
  };
}

async function answerFrom(
  parts: ResponseStoreStageParts,
  admitted: AdmittedRequest,
  next: Answer,
  previousId: string | undefined,
  isTranslated: boolean,
): Promise<Reply> {
  const { store } = parts;
  const { format, attempts } = admitted;
  const owner = ownerOf(attempts.context.principal);
  const context = previousId === undefined ? NO_CONTEXT : await load(parts, admitted, owner, previousId);
  const given = inputOf(admitted.body.value);
  const own = isTranslated ? await resolveReferences(store, owner, given) : given;
  const isChanged = previousId !== undefined || own !== given;
  const request = isChanged ? withInput(parts, admitted, context.items, own, isTranslated) : admitted;
  // Counting and compaction make no response.
  if (!isTranslated || format.subpath !== undefined) return next(request);
  const isKept = admitted.body.value["store"] !== false;
  const id = newResponseId();
  const stored = { id, previousId: previousId ?? null, isKept };
  if (!isKept) return next({ ...request, stored });
  const input = own.map(withId);
  const pending = { owner, id, chain: context.chain, input: JSON.stringify(input), inputIds: idsOf(input) };
  const keptBytes = pending.input.length;
  return keepReply(next({ ...request, stored, keptBytes }), store, pending, context.contextBytes);
}

/** A response that is not there yet. */
interface PendingResponse {
  readonly owner: string;
  readonly id: string;
  readonly chain: readonly string[];
  /** What was new in its request, as JSON: while the provider thinks, that is less than values are. */
  readonly input: string;
  readonly inputIds: readonly string[];
}

/** Apart, because the body and all that was said before is not to be held while the provider thinks. */
async function keepReply(
  asked: Promise<Reply>,
  store: ResponseStore,
  { owner, id, chain, input, inputIds }: PendingResponse,
  contextBytes: number,
): Promise<Reply> {
  return keepAnswer(await asked, async (response) => {
    const written = JSON.stringify(response);
    const bytes = contextBytes + input.length + JSON.stringify(outputOf(response)).length;
    const text = writeRecord({ chain, contextBytes: bytes }, input, written);
    try {
      await store.put({ id, owner, text, items: [...inputIds, ...idsOf(outputOf(response))], chain });
      return true;
    } catch (error) {
      // The answer itself is good. That the store is away is in the log once, and the answer says that it is not kept.
      if (error instanceof StoreUnavailable || error instanceof EntryTooLong) return false;
      throw error;
    }
  });
}

const idsOf = (items: readonly JsonObject[]): readonly string[] =>
  items.flatMap((item) => filledTextOf(item["id"]) ?? []);

function load(
  { store, memory, maxBodyBytes }: ResponseStoreStageParts,
  { attempts: { context, request } }: AdmittedRequest,
  owner: string,
  id: string,
): Promise<ResponseContext> {
  const hold = (bytes: number) => memory.hold(context, context.heldBytes + bytes * COPIES, request.signal);
  return loadContext(store, owner, id, { maxBytes: maxBodyBytes, hold });
}

/** A text is one message of the user. */
function inputOf({ input }: JsonObject): readonly JsonObject[] {
  if (typeof input !== "string") return listOf(input).filter(isJsonObject);
  return input === "" ? [] : [{ type: "message", role: "user", content: [{ type: "input_text", text: input }] }];
}

/** The request with all that was said before, which needs no store any more. */
function withInput(
  { maxBodyBytes }: ResponseStoreStageParts,
  admitted: AdmittedRequest,
  before: readonly JsonObject[],
  own: readonly JsonObject[],
  isTranslated: boolean,
): AdmittedRequest {
  const { previous_response_id: _, ...rest } = admitted.body.value;
  const earlier = isTranslated ? before : before.flatMap(forStrangers);
  const value = { ...rest, input: [...earlier, ...own] };
  const bytes = toJson(value);
  if (bytes.length > maxBodyBytes) {
    throw new Failure("body_too_large", { message: "Request body too large, with all that was said before it" });
  }
  return { ...admitted, body: { bytes, value } };
}

/** An item for a provider that keeps items itself, and knows none of these ids. Thoughts that it has not sealed it refuses. */
function forStrangers({ id: _, ...item }: JsonObject): readonly JsonObject[] {
  return item["type"] === "reasoning" && typeof item["encrypted_content"] !== "string" ? [] : [item];
}
