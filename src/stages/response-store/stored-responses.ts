import type { ClientRequest } from "../../core/client-request.ts";
import { Failure } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { Format } from "../../formats/format.ts";
import type { Relay } from "../../pipeline/relay.ts";
import { pathOf } from "../../providers/join-path.ts";
import { asked, type ContextLimits, loadContext, loadRecord } from "./context.ts";
import { isOwnId } from "./ids.ts";
import { listInput, readPage } from "./input-items.ts";
import { ownerOf } from "./owner.ts";
import type { ResponseStoreStageParts } from "./response-store-stage.ts";
import type { ResponseStore } from "./store.ts";

export type KeptResponsesParts = Pick<ResponseStoreStageParts, "store" | "memory">;

/**
 * Adds to a relay the answers about responses that the gateway has made, which their ids tell. Those about all others are
 * a provider's.
 */
export function withKeptResponses(relay: Relay, parts: KeptResponsesParts): Relay {
  return (format) => {
    const ask = relay(format);
    const { stored } = format;
    if (!stored) return ask;
    return (context, request) => {
      const found = readPath(request.url, stored);
      return found ? answer(parts, context, request, found) : ask(context, request);
    };
  };
}

interface KeptPath {
  readonly id: string;
  /** `input_items`, `cancel`, or nothing. */
  readonly below: string;
}

function readPath(url: string, stored: NonNullable<Format["stored"]>): KeptPath | undefined {
  const [path = ""] = pathOf(url).split("?", 1);
  const [, id = "", below = ""] = stored.exec(path)?.[1]?.split("/") ?? [];
  return isOwnId(id) ? { id, below } : undefined;
}

async function answer(
  parts: KeptResponsesParts,
  context: RequestContext,
  request: ClientRequest,
  { id, below }: KeptPath,
) {
  const { store } = parts;
  const owner = ownerOf(context.principal);
  const query = new URL(request.url).searchParams;
  if (request.method === "DELETE") {
    if (!(await asked(() => store.remove(owner, id)))) throw notFound(id);
    return json(context, { id, object: "response", deleted: true });
  }
  if (below === "input_items") {
    const page = readPage(query);
    const hold = (bytes: number) => parts.memory.hold(context, bytes, request.signal);
    return json(context, listInput(await loadAll(store, owner, id, hold), page));
  }
  const record = await loadRecord(store, owner, id);
  if (!record) throw notFound(id);
  // In OpenAI's words: none of these was made in the background.
  if (below === "cancel") throw new Failure("invalid_request", { message: "Cannot cancel a synchronous response." });
  if (query.get("stream") === "true") {
    const message = "A response that is complete is not streamed again: leave out stream.";
    throw new Failure("invalid_request", { message, param: "stream" });
  }
  return json(context, record.response);
}

/** All that a response was made from: its own input, and what it goes on from. */
async function loadAll(
  store: ResponseStore,
  owner: string,
  id: string,
  hold: ContextLimits["hold"],
): Promise<readonly JsonObject[]> {
  const record = await loadRecord(store, owner, id);
  if (!record) throw notFound(id);
  const previous = record.chain.at(-1);
  if (previous === undefined) return record.input;
  const context = await loadContext(store, owner, previous, { maxBytes: Number.POSITIVE_INFINITY, hold });
  return [...context.items, ...record.input];
}

function json(context: RequestContext, value: JsonObject): Response {
  const body = JSON.stringify(value);
  context.sent(Buffer.byteLength(body));
  return new Response(body, { headers: { "content-type": "application/json", "x-request-id": context.id } });
}

/** In OpenAI's words. */
const notFound = (id: string): Failure =>
  new Failure("response_not_found", { message: `Response with id '${id}' not found.` });
