import { callIdOf } from "../form/call-ids.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import type { OpenedBlock } from "../form/answer-events.ts";
import { textOf } from "../../core/json/values.ts";
import { readCall } from "./read-items.ts";
import { flatName } from "./read-tools.ts";
import { createStreamBlock, type ItemReader, type StreamOutput } from "./stream-block.ts";

/** A call of a tool that the client runs. */
export function createCallReader(output: StreamOutput): ItemReader {
  const block = createStreamBlock(output);
  let call: OpenedBlock | undefined;

  /** What has come in no piece is read from the item when it is done, and so is a call without a name yet. */
  function readInput(event: JsonObject, member: string): void {
    const isWhole = member !== "delta";
    if (call && !(isWhole && block.hasPieces())) block.piece(textOf(event[member]) ?? "", call);
  }

  function readItem(item: JsonObject, isDone: boolean): void {
    const read = readCall(item, (name, namespace) => output.toolName(flatName(name, namespace)));
    // The command of a shell call is there only when the item is done.
    const isEarly = !isDone && (item["type"] === "local_shell_call" || read?.name === "" || read?.id === "");
    if (!read || isEarly) return;
    call ??= { type: "call", id: callIdOf(read.id), name: read.name, kind: read.kind };
    block.open(call);
    if (!block.hasPieces()) block.piece(read.input, call);
  }

  return {
    read(type, event) {
      switch (type) {
        case "response.function_call_arguments.delta":
        case "response.custom_tool_call_input.delta":
          return readInput(event, "delta");
        case "response.function_call_arguments.done":
          return readInput(event, "arguments");
        case "response.custom_tool_call_input.done":
          return readInput(event, "input");
      }
    },
    added: (item) => readItem(item, false),
    done: (item) => readItem(item, true),
    close: () => block.close(),
  };
}
