import { Failure } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { openTurns } from "../../core/event-loop.ts";
import { isOwnId } from "./ids.ts";
import { itemsOf, readRecord, type ResponseRecord } from "./record.ts";
import { type ResponseStore, StoreUnavailable } from "./store.ts";

/** What a response goes on from. */
export interface ResponseContext extends Pick<ResponseRecord, "chain" | "contextBytes"> {
  /** All that was said before, oldest first. */
  readonly items: readonly JsonObject[];
}

/** Of a response that begins anew. */
export const NO_CONTEXT: ResponseContext = { chain: [], contextBytes: 0, items: [] };

/** More responses than this do not follow one another: each has the ids of all before it. */
const MAX_CHAIN = 1000;

export interface ContextLimits {
  /** More bytes of JSON are not sent to a provider. */
  readonly maxBytes: number;
  /** Called before so many bytes are read. */
  readonly hold: (bytes: number) => Promise<void> | undefined;
}

/**
 * Loads all that was said up to a response.
 * @throws Failure `previous_response_not_found` if it, or one before it, is not there any more or is another client's;
 * `response_store_unavailable`; `body_too_large`
 */
export async function loadContext(
  store: ResponseStore,
  owner: string,
  id: string,
  { maxBytes, hold }: ContextLimits,
): Promise<ResponseContext> {
  const last = await loadRecord(store, owner, id);
  if (!last) throw previousNotFound(id);
  const { chain, contextBytes } = last;
  if (contextBytes > maxBytes) throw tooLong("has more bytes than SERVER_MAX_REQUEST_BODY_SIZE allows");
  if (chain.length >= MAX_CHAIN) throw tooLong(`has more than ${MAX_CHAIN} responses`);
  await hold(contextBytes);
  const texts = await asked(() => store.read(owner, chain));
  const items: JsonObject[] = [];
  const turns = openTurns();
  for (const [index, text] of texts.entries()) {
    if (text === undefined) throw previousNotFound(chain[index] ?? id);
    for (const item of itemsOf(readRecord(text))) items.push(item);
    if (turns.isOver()) await turns.next();
  }
  for (const item of itemsOf(last)) items.push(item);
  return { chain: [...chain, id], contextBytes, items };
}

/** @throws Failure `response_store_unavailable` */
export async function loadRecord(store: ResponseStore, owner: string, id: string): Promise<ResponseRecord | undefined> {
  if (!isOwnId(id)) return undefined;
  const [text] = await asked(() => store.read(owner, [id]));
  return text === undefined ? undefined : readRecord(text);
}

/** What a store answers, or the failure that the client gets. */
export async function asked<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    throw new Failure("response_store_unavailable", { cause: error, headers: { "retry-after": "1" } });
  }
}

/** In OpenAI's words. */
const previousNotFound = (id: string): Failure =>
  new Failure("previous_response_not_found", {
    message: `Previous response with id '${id}' not found.`,
    param: "previous_response_id",
  });

const tooLong = (what: string): Failure =>
  new Failure("body_too_large", {
    message: `The conversation that previous_response_id goes on with ${what}`,
    param: "previous_response_id",
  });
