import { isJsonObject, type JsonObject } from "../../../src/core/json/parse.ts";

/**
 * What Converse refuses in a request, as far as its documentation and its error messages tell.
 * @returns the rules that a body breaks, in words
 */
export function brokenRules(body: JsonObject): readonly string[] {
  const messages = objectsOf(body["messages"]);
  const broken: string[] = [];
  const rule = (isKept: boolean, name: string): void => {
    if (!isKept) broken.push(name);
  };
  rule(body["model"] === undefined && body["stream"] === undefined, "the address names model and stream");
  rule(messages[0]?.["role"] === "user", "a conversation begins with the user");
  const names = new Set<unknown>();
  let hasTools = false;
  messages.forEach((message, at) => {
    const content = objectsOf(message["content"]);
    rule(content.length > 0, "a message must have content");
    rule(message["role"] === (at % 2 === 0 ? "user" : "assistant"), "user and assistant take turns");
    rule(content[0]?.["cachePoint"] === undefined, "a cache point comes behind something");
    for (const block of content) {
      rule(Object.keys(block).length === 1, "a block is of one kind");
      if (block["text"] !== undefined) rule(/\S/.test(String(block["text"])), "text must not be blank");
      const { toolUse, toolResult, document } = block;
      hasTools ||= toolUse !== undefined || toolResult !== undefined;
      if (isJsonObject(toolUse)) checkCall(toolUse, rule);
      if (isJsonObject(document)) {
        const { name } = document;
        rule(/^[a-zA-Z0-9()[\]-]+(?: [a-zA-Z0-9()[\]-]+)*$/.test(String(name)), "the name of a document");
        rule(!names.has(name), "documents have different names");
        names.add(name);
        rule(
          content.some(({ text }) => text !== undefined),
          "a document comes with a text",
        );
      }
      checkBytes(block, rule);
    }
    checkResults(content, messages[at - 1], rule);
  });
  for (const block of objectsOf(body["system"])) {
    if (block["text"] !== undefined) rule(/\S/.test(String(block["text"])), "text must not be blank");
  }
  const last = objectsOf(messages.at(-1)?.["content"]).at(-1);
  const isPrefill = messages.at(-1)?.["role"] === "assistant";
  rule(!isPrefill || !/\s$/.test(String(last?.["text"] ?? "")), "no white space at the end");
  const config = isJsonObject(body["toolConfig"]) ? body["toolConfig"] : undefined;
  rule(!hasTools || config !== undefined, "calls and results need tools");
  rule(!config || objectsOf(config["tools"]).length > 0, "a list of tools is not empty");
  rule(JSON.stringify(body).split('"cachePoint":').length - 1 <= 4, "at most four cache points");
  const inference = isJsonObject(body["inferenceConfig"]) ? body["inferenceConfig"] : {};
  const temperature = Number(inference["temperature"] ?? 0);
  rule(temperature >= 0 && temperature <= 1, "the temperature is between 0 and 1");
  checkThinking(body, messages, inference, rule);
  return broken;
}

type Rule = (isKept: boolean, name: string) => void;

const objectsOf = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

function checkCall({ toolUseId, name, input }: JsonObject, rule: Rule): void {
  rule(/^[a-zA-Z0-9_-]{1,64}$/.test(String(toolUseId)), "the id of a call");
  rule(/^[a-zA-Z0-9_-]{1,64}$/.test(String(name)), "the name of a call");
  rule(isJsonObject(input), "the input of a call is an object");
}

function checkBytes(block: JsonObject, rule: Rule): void {
  for (const kind of ["image", "document", "audio", "video"]) {
    const medium = block[kind];
    if (!isJsonObject(medium)) continue;
    const source = isJsonObject(medium["source"]) ? medium["source"] : {};
    rule(typeof source["bytes"] === "string", "media are bytes");
    rule(typeof medium["format"] === "string", "media have a format");
  }
}

/** All results of the calls before, each once, first in the user's message. */
function checkResults(content: readonly JsonObject[], before: JsonObject | undefined, rule: Rule): void {
  const isResult = ({ toolResult, cachePoint }: JsonObject): boolean => Boolean(toolResult ?? cachePoint);
  const results = content.flatMap(({ toolResult }) => (isJsonObject(toolResult) ? [toolResult] : []));
  const firstOther = content.findIndex((block) => !isResult(block));
  const lastResult = content.findLastIndex(({ toolResult }) => toolResult !== undefined);
  rule(firstOther < 0 || lastResult < firstOther, "results come first");
  const calls = objectsOf(before?.["content"]).flatMap(({ toolUse }) =>
    isJsonObject(toolUse) ? String(toolUse["toolUseId"]) : [],
  );
  const ids = results.map(({ toolUseId }) => String(toolUseId));
  rule(new Set(ids).size === ids.length, "each result once");
  for (const id of ids) rule(calls.includes(id), "a result must have its call in the message before");
  for (const result of results) {
    rule(Array.isArray(result["content"]), "a result has content");
    rule(result["status"] !== "error" || objectsOf(result["content"]).length > 0, "a failed result says something");
    for (const part of objectsOf(result["content"])) checkBytes(part, rule);
  }
}

/** Claude's own rules hold here, too. */
function checkThinking(body: JsonObject, messages: readonly JsonObject[], inference: JsonObject, rule: Rule): void {
  for (const message of messages) {
    for (const { reasoningContent } of objectsOf(message["content"])) {
      const said = isJsonObject(reasoningContent) ? reasoningContent["reasoningText"] : undefined;
      if (isJsonObject(said)) rule(Boolean(said["signature"]), "a thought has a signature");
    }
  }
  const fields = isJsonObject(body["additionalModelRequestFields"]) ? body["additionalModelRequestFields"] : {};
  const thinking = isJsonObject(fields["thinking"]) ? fields["thinking"] : {};
  if (thinking["type"] !== "enabled" && thinking["type"] !== "adaptive") return;
  const choice = isJsonObject(body["toolConfig"]) ? body["toolConfig"]["toolChoice"] : undefined;
  rule(choice === undefined, "no forced call while it thinks");
  rule(inference["temperature"] === undefined || inference["temperature"] === 1, "no temperature while it thinks");
  rule(fields["top_k"] === undefined, "no top_k while it thinks");
  if (thinking["type"] !== "enabled") return;
  const budget = Number(thinking["budget_tokens"]);
  rule(budget >= 1024 && budget < Number(inference["maxTokens"]), "the budget is below the limit");
  const said = objectsOf(messages.findLast(({ role }) => role === "assistant")?.["content"]);
  const hasCalls = said.some(({ toolUse }) => toolUse !== undefined);
  rule(!hasCalls || said[0]?.["reasoningContent"] !== undefined, "a thought comes before calls");
}
