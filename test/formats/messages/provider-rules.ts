import { isJsonObject, type JsonObject } from "../../../src/core/json/parse.ts";

/**
 * What the Messages API refuses in a request, as far as its documentation and its error messages tell.
 * @returns the rules that a body breaks, in words
 */
export function brokenRules(body: JsonObject): readonly string[] {
  const messages = objectsOf(body["messages"]);
  const broken: string[] = [];
  const ids = new Set<unknown>();
  const rule = (isKept: boolean, name: string): void => {
    if (!isKept) broken.push(name);
  };
  rule(messages.length > 0, "at least one message is required");
  messages.forEach((message, at) => {
    const content = contentOf(message);
    rule(content.length > 0, "a message must have content");
    for (const text of textsOf(content)) rule(/\S/.test(text), "text must say something");
    rule(message["role"] !== messages[at - 1]?.["role"], "neighbours of one role are one message");
    checkResults(content, messages[at - 1], rule);
    const calls = content.filter(({ type }) => type === "tool_use");
    for (const { id } of calls) {
      rule(!ids.has(id), "an id is of one call");
      ids.add(id);
    }
    for (const { id, name, input } of calls) {
      rule(/^[a-zA-Z0-9_-]+$/.test(String(id)), "the id of a call");
      rule(/^[a-zA-Z0-9_-]{1,128}$/.test(String(name)), "the name of a call");
      rule(isJsonObject(input), "the input of a call is an object");
    }
    for (const block of content) {
      rule(block["type"] !== "thinking" || String(block["signature"]) !== "", "a thought has a signature");
    }
  });
  const last = messages.at(-1);
  const final = contentOf(last ?? {}).at(-1);
  rule(last?.["role"] !== "assistant" || !/\s$/.test(String(final?.["text"] ?? "")), "no white space at the end");
  const marks = JSON.stringify(body).split('"cache_control":').length - 1;
  rule(marks <= 4, "at most four cache marks");
  checkThinking(body, messages, rule);
  return broken;
}

type Rule = (isKept: boolean, name: string) => void;

const objectsOf = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

const contentOf = ({ content }: JsonObject): readonly JsonObject[] =>
  typeof content === "string" ? [{ type: "text", text: content }] : objectsOf(content);

const textsOf = (blocks: readonly JsonObject[]): readonly string[] =>
  blocks.flatMap((block) => {
    if (block["type"] === "text") return String(block["text"]);
    return block["type"] === "tool_result" && Array.isArray(block["content"]) ? textsOf(contentOf(block)) : [];
  });

/** `tool_result` blocks come first, directly behind their calls, each once. */
function checkResults(content: readonly JsonObject[], before: JsonObject | undefined, rule: Rule): void {
  const isResult = ({ type }: JsonObject): boolean => type === "tool_result";
  const results = content.filter(isResult);
  rule(content.slice(0, results.length).every(isResult), "results come first");
  const calls = contentOf(before ?? {}).flatMap(({ type, id }) => (type === "tool_use" ? String(id) : []));
  const ids = results.map((result) => String(result["tool_use_id"]));
  rule(new Set(ids).size === ids.length, "each result once");
  for (const id of ids) rule(calls.includes(id), "a result must have its call in the message before");
  for (const result of results) {
    rule(result["is_error"] !== true || contentOf(result).length > 0, "a failed result says something");
    const isText = contentOf(result).every(({ type }) => type === "text");
    rule(result["is_error"] !== true || isText, "a failed result has only text");
  }
}

/** https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking */
function checkThinking(body: JsonObject, messages: readonly JsonObject[], rule: Rule): void {
  const thinking = isJsonObject(body["thinking"]) ? body["thinking"] : {};
  if (thinking["type"] !== "enabled" && thinking["type"] !== "adaptive") return;
  const choice = isJsonObject(body["tool_choice"]) ? body["tool_choice"]["type"] : "auto";
  rule(choice === "auto" || choice === "none", "no forced call while it thinks");
  rule(body["temperature"] === undefined || body["temperature"] === 1, "no temperature while it thinks");
  rule(body["top_k"] === undefined, "no top_k while it thinks");
  if (thinking["type"] !== "enabled") return;
  const budget = Number(thinking["budget_tokens"]);
  rule(budget >= 1024 && budget < Number(body["max_tokens"]), "the budget is below max_tokens");
  const said = contentOf(messages.findLast(({ role }) => role === "assistant") ?? {});
  const begins = said[0]?.["type"];
  const hasCalls = said.some(({ type }) => type === "tool_use");
  rule(!hasCalls || begins === "thinking" || begins === "redacted_thinking", "a thought comes before calls");
}
