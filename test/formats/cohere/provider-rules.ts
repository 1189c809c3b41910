import { isJsonObject, type JsonObject } from "../../../src/core/json/parse.ts";

/**
 * What Cohere's chat refuses in a request, as far as its documentation and its error messages tell.
 * @returns the rules that a body breaks, in words
 */
export function brokenRules(body: JsonObject): readonly string[] {
  const messages = objectsOf(body["messages"]);
  const broken: string[] = [];
  const rule = (isKept: boolean, name: string): void => {
    if (!isKept) broken.push(name);
  };
  rule(messages.length > 0, "at least one message is required");
  let open = new Set<unknown>();
  messages.forEach((message, at) => {
    const { role, content } = message;
    if (role === "tool") {
      rule(open.delete(message["tool_call_id"]), "a result belongs to a call right before it");
      rule(
        textsOf(content).some((text) => /\S/.test(text)),
        "a result says something",
      );
      rule(!JSON.stringify(content).includes("image_url"), "results are texts");
    } else {
      open = new Set();
      checkSaid(message, rule);
    }
    for (const call of objectsOf(message["tool_calls"])) {
      open.add(call["id"]);
      const called = isJsonObject(call["function"]) ? call["function"] : {};
      rule(/^[a-zA-Z0-9_-]{1,64}$/.test(String(called["name"])), "the name of a call");
      rule(typeof called["arguments"] === "string" && called["arguments"] !== "", "arguments are a text");
    }
    const isPrefill = at === messages.length - 1 && role === "assistant" && !message["tool_calls"];
    rule(!isPrefill, "the last message is not the assistant's");
  });
  for (const [name, least, most] of RANGES) {
    const value = body[name];
    rule(value === undefined || (typeof value === "number" && value >= least && value <= most), name);
  }
  rule(body["tool_choice"] === undefined || objectsOf(body["tools"]).length > 0, "a choice is between tools");
  rule(["undefined", '"REQUIRED"', '"NONE"'].includes(String(JSON.stringify(body["tool_choice"]))), "the choice");
  const thinking = isJsonObject(body["thinking"]) ? body["thinking"] : {};
  const budget = thinking["token_budget"];
  const limit = Number(body["max_tokens"] ?? Infinity);
  rule(budget === undefined || (Number(budget) >= 1 && Number(budget) <= limit), "the budget is within the limit");
  return broken;
}

type Rule = (isKept: boolean, name: string) => void;

const RANGES = [
  ["temperature", 0, 1],
  ["p", 0.01, 0.99],
  ["k", 0, 500],
  ["frequency_penalty", 0, 1],
  ["presence_penalty", 0, 1],
] as const;

function checkSaid({ role, content, tool_calls: calls }: JsonObject, rule: Rule): void {
  for (const text of textsOf(content)) rule(/\S/.test(text), "text must say something");
  const hasContent = typeof content === "string" ? content !== "" : objectsOf(content).length > 0;
  rule(hasContent || (role === "assistant" && calls !== undefined), "a message must have content");
}

const objectsOf = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

const textsOf = (content: unknown): readonly string[] =>
  typeof content === "string"
    ? [content]
    : objectsOf(content).flatMap(({ type, text }) => (type === "text" ? String(text) : []));
