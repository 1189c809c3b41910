import { toJson } from "../../core/json/bytes.ts";
import { openScan, scanOn } from "../../core/json/limit-scan.ts";
import { describeExceeded, type JsonLimits } from "../../core/json/limits.ts";
import { isDeeperThan, isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { parseBytes, parseJson, toWellFormed } from "../../core/json/parse-bytes.ts";
import { nextTurn } from "../../core/next-turn.ts";
import { McpError } from "./errors.ts";
import { cutText } from "./tool-result.ts";

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

/** An id of a request is a number here; servers give their own requests other ones. */
const MAX_ID_LENGTH = 256;

/** Members of a result that it is about, which the library would check. */
const LEFT_OUT: ReadonlySet<string> = new Set(["content", "tools", "isError", "structuredContent", "toolResult"]);

/** Who waits for the result of which request, by its id. */
export type PendingResults = Map<unknown, (result: JsonObject) => void>;

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

  const shorten = (message: unknown): JsonObject[] => {
    if (!isJsonObject(message)) return [];
    const { id, result, error, method } = message;
    if (typeof id !== "number" && (typeof id !== "string" || id.length > MAX_ID_LENGTH)) return [];
    if (isJsonObject(result)) {
      const take = pending.get(id);
      take?.(result);
      const short = shortResult(result);
      return [{ jsonrpc: "2.0", id, result: take && !("tools" in short) ? { ...short, content: [] } : short }];
    }
    if (isJsonObject(error)) {
      const { code, message: words } = error;
      const short = typeof words === "string" ? cutText(words, MAX_WHOLE_BYTES) : "";
      return [{ jsonrpc: "2.0", id, error: { code: typeof code === "number" ? code : 0, message: short } }];
    }
    return typeof method === "string" ? [{ jsonrpc: "2.0", id, method: method.slice(0, MAX_ID_LENGTH) }] : [];
  };

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
    if (!isJsonObject(message) || !isJsonObject(message["result"]) || !pending.has(message["id"])) return json;
    // The library itself refuses what asks for more input.
    if (message["result"]["resultType"] === "input_required") return json;
    return toJson(shorten(message)[0] ?? []);
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

/**
 * What the library looks at in a result, without what the result is about, and without members that it would refuse the
 * whole result for.
 */
function shortResult(result: JsonObject): JsonObject {
  const short: Record<string, unknown> = {};
  let room = MAX_WHOLE_BYTES;
  for (const name of Object.keys(result)) {
    const value = result[name];
    if (name === "tools") short[name] = [];
    if (LEFT_OUT.has(name) || (name === "_meta" && !isJsonObject(value))) continue;
    room -= name.length;
    if (room < 0) break;
    const size = toJson(value).length;
    if (size > room) continue;
    room -= size;
    short[name] = value;
  }
  return short;
}
