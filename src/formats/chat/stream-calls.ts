import type { JsonObject } from "../../core/json/parse.ts";
import { type ArgumentsEnd, followArguments } from "../../core/json/arguments-end.ts";
import { type CallItem, readCallItem } from "./call-items.ts";

/** A call as the deltas have built it so far. */
export interface StreamedCall {
  /** Its place among the calls of the answer. */
  readonly position: number;
  readonly index: unknown;
  id: string;
  name: string;
  kind: CallItem["kind"];
  readonly end: ArgumentsEnd;
  signature: string | undefined;
  /** The number of its block once that was opened. */
  block: number | undefined;
}

/** The calls of a streamed answer, in the order in which they began. */
export interface StreamedCalls {
  /** @returns the call that a delta continues or begins, and the piece of the arguments that it brings */
  take(delta: JsonObject): { readonly call: StreamedCall; readonly piece: string };
  readonly all: readonly StreamedCall[];
}

/**
 * Finds out which call a delta is of. OpenAI says an index in each, and id and name in the first one; Mistral says no
 * index, Gemini the same one for every call with an empty id; others repeat the name, or send it in pieces.
 */
export function openStreamedCalls(): StreamedCalls {
  const all: StreamedCall[] = [];
  /** The last call that began at each index. */
  const byIndex = new Map<unknown, StreamedCall>();
  const byId = new Map<string, StreamedCall>();

  const findWithoutIndex = (item: CallItem): StreamedCall | undefined => {
    const known = byId.get(item.id ?? "");
    const last = all.at(-1);
    if (known || item.name === "") return known ?? last;
    return item.id === undefined && last && !last.end.isEmpty() && continues(last, item) ? last : undefined;
  };

  const find = (item: CallItem, index: unknown): StreamedCall | undefined => {
    if (index === undefined) return findWithoutIndex(item);
    const known = byIndex.get(index);
    const named = byId.get(item.id ?? "");
    if (named && (named.index === undefined || (known && named.index === index))) return named;
    if (!known || item.name === "") return known;
    // A name with another id begins a call, and without an id another name does.
    if (item.id !== undefined && known.id !== "") return undefined;
    return continues(known, item) ? known : undefined;
  };

  const begin = (item: CallItem, index: unknown): StreamedCall => {
    const call: StreamedCall = {
      position: all.length,
      index,
      id: "",
      name: "",
      kind: item.kind,
      end: followArguments(),
      signature: undefined,
      block: undefined,
    };
    all.push(call);
    if (index !== undefined) byIndex.set(index, call);
    return call;
  };

  return {
    all,
    take(delta) {
      const item = readCallItem(delta);
      const index = delta["index"] ?? undefined;
      const call = find(item, index) ?? begin(item, index);
      if (item.id !== undefined && call.id === "") call.id = item.id;
      if (call.id !== "" && !byId.has(call.id)) byId.set(call.id, call);
      // It is the same one, or a piece.
      if (item.name !== call.name) call.name += item.name;
      call.signature = item.signature ?? call.signature;
      call.end.take(item.input);
      return { call, piece: item.input };
    },
  };
}

/** Whether a delta with a name goes on with a call: its name is the same or in pieces, and the arguments are not over. */
function continues(call: StreamedCall, { name, id, input }: CallItem): boolean {
  const isPieceOfName = call.id !== "" && id === undefined && call.end.isEmpty();
  if (call.name !== "" && call.name !== name && !isPieceOfName) return false;
  return !call.end.isWhole() || input.trim() === "";
}
