import type { TestWire } from "./model-answers.ts";

type Body = Readonly<Record<string, unknown>>;

const list = (value: unknown): Body[] => (Array.isArray(value) ? (value as Body[]) : []);

/** Throws where a provider of this wire would refuse what was said so far. */
export function requireAcceptable(wire: TestWire, body: Body): void {
  if (wire === "chat") requireMessagesOfChat(list(body["messages"]));
  else if (wire === "messages") requireMessages(list(body["messages"]));
  else requireItems(list(body["input"]));
}

function requireMessagesOfChat(messages: readonly Body[]): void {
  let open = new Set<unknown>();
  for (const message of messages) {
    if (message["role"] === "tool") {
      if (!open.delete(message["tool_call_id"])) throw new Error(`no call ${String(message["tool_call_id"])}`);
      continue;
    }
    if (open.size > 0) throw new Error("a call has no result");
    open = new Set(list(message["tool_calls"]).map(({ id }) => id));
    for (const { function: called } of list(message["tool_calls"])) JSON.parse(String((called as Body)["arguments"]));
  }
}

function requireMessages(messages: readonly Body[]): void {
  let open = new Set<unknown>();
  let last: unknown;
  for (const { role, content } of messages) {
    if (role === last) throw new Error("roles must alternate");
    last = role;
    const blocks = typeof content === "string" ? [{ type: "text", text: content }] : list(content);
    if (blocks.length === 0) throw new Error("an empty message");
    const results = blocks.filter(({ type }) => type === "tool_result");
    for (const result of results) {
      if (!open.delete(result["tool_use_id"])) throw new Error(`no call ${String(result["tool_use_id"])}`);
    }
    if (open.size > 0) throw new Error("a call has no result");
    for (const [index, block] of blocks.entries()) {
      if (block["type"] === "text" && String(block["text"]).trim() === "") throw new Error("an empty text");
      if (block["type"] !== "thinking") continue;
      if (index > 0) throw new Error("thoughts come first");
      if (block["signature"] !== `sealed ${String(block["thinking"])}`) throw new Error("a forged signature");
    }
    open = new Set(blocks.filter(({ type }) => type === "tool_use").map(({ id }) => id));
  }
}

function requireItems(items: readonly Body[]): void {
  const open = new Set<unknown>();
  for (const item of items) {
    if (item["type"] === "function_call") open.add(item["call_id"]);
    else if (item["type"] === "function_call_output" && !open.delete(item["call_id"])) {
      throw new Error(`no call ${String(item["call_id"])}`);
    } else if (item["type"] === "reasoning" && !String(item["encrypted_content"]).startsWith("sealed ")) {
      throw new Error("forged thoughts");
    }
  }
  if (open.size > 0) throw new Error("a call has no result");
}
