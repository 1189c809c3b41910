import { toJson } from "../../core/json/bytes.ts";
import { describeExceeded, isDeeperThan, type JsonLimits, openScan, scanOn } from "../../core/json/limits.ts";
import { isJsonObject, type JsonObject, parseBytes, parseJson, toWellFormed } from "../../core/json/parse.ts";
import { nextTurn } from "../../core/event-loop.ts";
import { McpError } from "./errors.ts";
import { isAwaited, type PendingResults, shortenMessage } from "./shorten-message.ts";

/**
 * A longer message is not parsed by the protocol's library, which parses in one turn of the event loop and checks each
 * value: 1 MiB of small values takes it 100 ms.
 */
const MAX_WHOLE_BYTES = 32 * 1024;

/** Whatever the setting allows, no list of tools and no tool's result for a model has more. */
const MAX_MESSAGE_VALUES = 100_000;

/**
 * Within a list, one tool whose schema is nested too deeply must not cost the others; this deep it can still be read.
 */
const MAX_LIST_DEPTH = 1024;

/** Gives what the library is handed for a message: its own bytes, or those of a shorter one. */
export type MessageGate = (json: Buffer) => Uint8Array | Promise<Uint8Array>;

/**
 * Takes results past the library, which refuses whole ones for a detail: they are given to those who wait for them, and
 * the library sees a message that answers the same request with almost nothing in it. So are all long messages, which
 * are parsed in turns; of those that are no responses nothing is left but, for requests, the method.
 * @throws McpError `too_long` if the message exceeds a limit, `protocol` if it is no JSON
 */
export function createMessageGate({ depth, values }: JsonLimits, pending: PendingResults): MessageGate {
  const limits = { depth, values: Math.min(values, MAX_MESSAGE_VALUES) };
  const listLimits = { ...limits, depth: Math.max(depth, MAX_LIST_DEPTH) };

  const parseMessage = async (json: Buffer): Promise<unknown> => {
    const text = toWellFormed(json);
    const parsed = await parseBytes(text, { limits });
    if ("value" in parsed) return parsed.value;
    if (parsed.fault === "depth") {
      const list = await parseBytes(text, { limits: listLimits });
      if ("value" in list && !isDeeperThan(withoutTools(list.value), depth)) return list.value;
    }
    if (parsed.fault === "depth" || parsed.fault === "values") throw tooLong(parsed.fault);
    throw new McpError("protocol", "did not answer as an MCP server does");
  };

  const tooLong = (exceeded: "depth" | "values"): McpError =>
    new McpError("too_long", `answered with JSON that ${describeExceeded(exceeded, limits)}`);

  const shorten = (message: unknown): JsonObject[] => shortenMessage(message, pending, MAX_WHOLE_BYTES);

  const setAside = async (json: Buffer): Promise<Uint8Array> => {
    // The tools of one answer run at once, and their results may come at once.
    await nextTurn();
    const message = await parseMessage(json);
    if (Array.isArray(message)) return toJson(message.flatMap(shorten));
    const [short] = shorten(message);
    return toJson(short ?? []);
  };

  /** A short message: most that come while someone waits are what is waited for. */
  const takeShort = (json: Buffer): Uint8Array => {
    const message = pending.size === 0 ? undefined : parseJson(json, limits);
    if (isJsonObject(message)) return isAwaited(message, pending) ? toJson(shorten(message)[0] ?? []) : json;
    const batch = Array.isArray(message) ? message.filter(isJsonObject) : [];
    if (!batch.some((each) => isAwaited(each, pending))) return json;
    return toJson(batch.flatMap((each) => (isAwaited(each, pending) ? shorten(each) : [each])));
  };

  return (json) => {
    if (json.length > MAX_WHOLE_BYTES) return setAside(json);
    const scan = openScan(json, limits);
    scanOn(scan, json.length, 0);
    return scan.exceeded ? setAside(json) : takeShort(json);
  };
}

/** A message without the one part of it that may be nested deeper. */
function withoutTools(message: unknown): unknown {
  if (!isJsonObject(message) || !isJsonObject(message["result"])) return message;
  const { tools, ...rest } = message["result"];
  return Array.isArray(tools) ? { ...message, result: rest } : message;
}
