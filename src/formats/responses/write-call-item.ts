import type { Seal } from "../form/blocks.ts";
import type { Tool } from "../form/conversation.ts";
import { createCustomInput } from "./custom-input.ts";
import { withoutUndefined } from "../../core/json/values.ts";
import { writeShellAction } from "./local-shell.ts";
import type { BlockWriter, OutputItems } from "./output-items.ts";
import { createSealItem } from "./write-reasoning-item.ts";
import { splitName } from "./tool-names.ts";

/** A call as an answer opens it. */
export interface OpenedCall {
  readonly id: string;
  readonly name: string;
  readonly kind: "function" | "custom";
}

export interface CallWriter extends BlockWriter {
  piece(text: string): void;
}

export interface SealedCallWriter extends CallWriter {
  /** Nothing more comes before it. */
  begin(): void;
  seal(seal: Seal): void;
}

/** A call whose seal may come directly behind its opening, and is an item before it: it begins with what comes next. */
export function createSealedCall(items: OutputItems, call: OpenedCall, tool: Tool | undefined): SealedCallWriter {
  let writer: CallWriter | undefined;
  const begun = (): CallWriter => (writer ??= createCallItem(items, call, tool));
  return {
    begin: () => void begun(),
    seal(seal) {
      if (!writer) createSealItem(items, seal);
      begun();
    },
    piece: (text) => begun().piece(text),
    close: () => begun().close(),
  };
}

/**
 * A call, in the spelling of the tool that the client declared: a function that stood for a custom tool or for the local
 * shell on another wire is that tool again.
 */
function createCallItem(items: OutputItems, call: OpenedCall, tool: Tool | undefined): CallWriter {
  if (tool?.native?.kind === "local_shell") return createShellCall(items, call);
  return call.kind === "custom" || tool?.kind === "custom"
    ? createCustomCall(items, call, tool)
    : createFunctionCall(items, call, tool);
}

function createFunctionCall(items: OutputItems, call: OpenedCall, tool: Tool | undefined): CallWriter {
  const pieces: string[] = [];
  const names = tool ? splitName(tool) : { name: call.name };
  const item = items.add("fc", (id, status) =>
    withoutUndefined({ id, type: "function_call", status, arguments: pieces.join(""), call_id: call.id, ...names }),
  );
  const piece = (delta: string): void => {
    pieces.push(delta);
    item.emit("response.function_call_arguments.delta", { delta });
  };
  return {
    piece,
    close() {
      if (pieces.length === 0) piece("{}");
      item.emit("response.function_call_arguments.done", { name: names.name, arguments: pieces.join("") });
      item.finish();
    },
  };
}

function createCustomCall(items: OutputItems, call: OpenedCall, tool: Tool | undefined): CallWriter {
  const wrapped = call.kind === "custom" ? undefined : createCustomInput();
  const pieces: string[] = [];
  const names = tool ? splitName(tool) : { name: call.name };
  const item = items.add("ctc", (id, status) =>
    withoutUndefined({ id, type: "custom_tool_call", status, call_id: call.id, ...names, input: pieces.join("") }),
  );
  const write = (delta: string): void => {
    if (delta === "") return;
    pieces.push(delta);
    item.emit("response.custom_tool_call_input.delta", { delta });
  };
  return {
    piece: (text) => write(wrapped ? wrapped.add(text) : text),
    close() {
      write(wrapped?.end() ?? "");
      item.emit("response.custom_tool_call_input.done", { input: pieces.join("") });
      item.finish();
    },
  };
}

/** Its command is no text that could come in pieces. */
function createShellCall(items: OutputItems, call: OpenedCall): CallWriter {
  const pieces: string[] = [];
  const item = items.add("lsh", (id, status) => ({
    id,
    type: "local_shell_call",
    status,
    call_id: call.id,
    action: writeShellAction(pieces.join("")),
  }));
  return {
    piece: (text) => void pieces.push(text),
    close: () => item.finish(),
  };
}
