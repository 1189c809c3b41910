import { asBuffer, toJson } from "../../core/json/bytes.ts";
import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { objectOf } from "../../core/json/values.ts";
import { readEventData } from "../../core/sse/event-data.ts";
import type { Reply } from "../../pipeline/attempt/attempt.ts";
import { isEventStream } from "../../upstream/response-headers.ts";
import { bodyOfBytes } from "../../upstream/body.ts";
import { KeptStream } from "./kept-stream.ts";

/**
 * Keeps a response before its client has it, so that the next request can go on from it.
 * @returns whether it is kept
 */
export type KeepResponse = (response: JsonObject) => Promise<boolean>;

/** Those that may be gone on from; what failed or broke off is not kept. */
const KEPT_STATUSES: ReadonlySet<unknown> = new Set(["completed", "incomplete"]);

/** The same answer, kept when it is there; of a stream, when its last event is. One that is not kept says so in `store`. */
export function keepAnswer(reply: Reply, keep: KeepResponse): Reply | Promise<Reply> {
  const { response } = reply;
  const { body } = response;
  if (!body) return reply;
  if (isEventStream(response)) {
    return withBody(reply, new KeptStream(body, (event) => keepEvent(event, keep)));
  }
  return body.whole ? keepWhole(reply, body.whole, keep) : reply;
}

const withBody = (reply: Reply, body: Reply["response"]["body"]): Reply => ({
  response: { status: reply.response.status, headers: reply.response.headers, body },
  call: reply.call,
  usageInjected: reply.usageInjected,
  ...(reply.usage && { usage: reply.usage }),
  headers: reply.headers,
});

async function keepWhole(reply: Reply, bytes: Uint8Array, keep: KeepResponse): Promise<Reply> {
  const response = parse(bytes);
  if (!response || (await keepIfWhole(response, keep))) return reply;
  return withBody(reply, bodyOfBytes(toJson({ ...response, store: false })));
}

/** @returns the event as the client is to get it */
async function keepEvent(event: Uint8Array, keep: KeepResponse): Promise<Uint8Array> {
  const data = readEventData(asBuffer(event));
  const value = data && parse(data.bytes);
  const response = objectOf(value?.["response"]);
  if (!data || !response || (await keepIfWhole(response, keep))) return event;
  return data.replace(toJson({ ...value, response: { ...response, store: false } }));
}

const keepIfWhole = async (response: JsonObject, keep: KeepResponse): Promise<boolean> =>
  KEPT_STATUSES.has(response["status"]) && (await keep(response));

/** @returns undefined for an event that was cut off */
function parse(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(asBuffer(bytes).toString());
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
