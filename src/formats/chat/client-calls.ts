import type { AnswerEvent } from "../form/answer-events.ts";
import type { Seal } from "../form/blocks.ts";
import type { Tool } from "../form/conversation.ts";
import { wrapSeal } from "../form/seal-envelope.ts";
import { signatureMember, unwrapCustomInput } from "./call-items.ts";
import { type ChunkTexts, errorEvent } from "./chunk-text.ts";
import type { HeldText, HeldTexts } from "./held-text.ts";

/** The calls of a client's stream. Chunks may be of several calls in turn, so nothing need wait for another call. */
export interface ClientCalls {
  open(block: number, call: OpenedCall): string;
  /** @returns undefined if a text that must be held has become too long */
  extend(block: number, piece: string): string | undefined;
  seal(block: number, seal: Seal): string;
  close(block: number): string;
  has(block: number): boolean;
  readonly count: number;
  /** The client has calls to run. */
  readonly hasOpen: boolean;
}

type OpenedCall = Extract<Extract<AnswerEvent, { type: "open" }>["opened"], { type: "call" }>;

interface ClientCall {
  readonly index: number;
  readonly kind: "function" | "custom";
  /** Arguments of the function as which a custom tool was sent: its text is inside of them. */
  readonly held: HeldText | undefined;
  isEmpty: boolean;
}

export function createClientCalls(texts: ChunkTexts, held: HeldTexts, tools: readonly Tool[]): ClientCalls {
  const customTools = customToolNames(tools);
  const calls = new Map<number, ClientCall>();
  let hasOpen = false;

  const piecesOf = ({ index, kind }: ClientCall, piece: string) =>
    kind === "custom" ? { index, custom: { input: piece } } : { index, function: { arguments: piece } };
  const write = (call: ClientCall, piece: string): string => texts.delta({ tool_calls: [piecesOf(call, piece)] });

  return {
    open(block, { id, name, kind: sent, isAnswered = false }) {
      hasOpen ||= !isAnswered;
      const isHeld = sent === "function" && customTools.has(name);
      const kind = isHeld ? "custom" : sent;
      const index = calls.size;
      calls.set(block, { index, kind, held: isHeld ? held.open() : undefined, isEmpty: true });
      const called = kind === "custom" ? { custom: { name, input: "" } } : { function: { name, arguments: "" } };
      return texts.delta({ tool_calls: [{ index, id, type: kind, ...called }] });
    },
    extend(block, piece) {
      const call = calls.get(block);
      if (call === undefined) return "";
      call.isEmpty = false;
      if (call.held === undefined) return write(call, piece);
      return call.held.add(piece) ? "" : undefined;
    },
    seal(block, seal) {
      const call = calls.get(block);
      if (call === undefined) return "";
      // With a piece of nothing: official clients fail on a call of which nothing is said.
      return texts.delta({ tool_calls: [{ ...piecesOf(call, ""), ...signatureMember(wrapSeal(seal)) }] });
    },
    close(block) {
      const call = calls.get(block);
      if (call === undefined) return "";
      if (call.held !== undefined) return write(call, unwrapCustomInput(call.held.whole()));
      return call.isEmpty && call.kind === "function" ? write(call, "{}") : "";
    },
    has: (block) => calls.has(block),
    get count() {
      return calls.size;
    },
    get hasOpen() {
      return hasOpen;
    },
  };
}

export const INPUT_TOO_LONG = errorEvent({
  message: "The input of a custom tool is too long",
  type: undefined,
  code: undefined,
});

/** Tools that the client offered as custom ones: a provider without them calls them as functions. */
export function customToolNames(tools: readonly Tool[]): ReadonlySet<string> {
  return new Set(tools.filter(({ kind }) => kind === "custom").map(({ name }) => name));
}
