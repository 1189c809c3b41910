import { isJsonObject, type JsonObject, parseJson } from "../core/json/parse.ts";
import { listOf, objectOf } from "../core/json/values.ts";
import type { Block, CallBlock } from "../formats/form/blocks.ts";
import type { Conversation, Tool } from "../formats/form/conversation.ts";
import { fillSchema } from "./fill-schema.ts";

/** What the demo model does next: it says a text, or calls a tool with arguments. */
export type Step = string | readonly [name: string, args: JsonObject];

/** The schema of its arguments is undefined if it is not known. */
type KnownTool = Pick<Extract<Tool, { kind: "function" }>, "name" | "description" | "parameters">;

/** The two functions that replace all MCP tools if the gateway offers them by selection. */
const GET = "mcp_tools_get";
const EXECUTE = "mcp_tools_execute";
const MAX_ECHO_WORDS = 20;

/** Words that say nothing about which tool a text is about. */
const STOP_WORD =
  /^(?:a|about|all|and|any|are|as|at|be|by|can|do|for|from|get|give|hello|hey|hi|how|i|if|in|is|it|me|my|now|of|on|or|please|return|returns|say|tell|that|the|this|to|two|use|using|value|what|will|with|you|your)$/;

/** The words of a text, each with the white space behind it; each counts as a token. */
export const wordsOf = (text: string): string[] => text.match(/^\s+|\S+\s*/g) ?? [];

/** What is said in blocks, one below the other. */
const textOf = (blocks: readonly Block[]): string =>
  blocks.map((one) => ("text" in one ? one.text : one.type === "result" ? textOf(one.blocks) : "")).join("\n");

const blocksOf = ({ turns }: Conversation): Block[] => turns.flatMap(({ blocks }) => blocks);
const callsOf = (asked: Conversation): CallBlock[] => blocksOf(asked).filter((block) => block.type === "call");

/** How many words a conversation has, those of its calls included. */
export function countWords(asked: Conversation): number {
  const calls = callsOf(asked).flatMap(({ name, input }) => [name, input]);
  return wordsOf([textOf(blocksOf(asked)), ...calls].join(" ").trimStart()).length;
}

/**
 * Decides what comes next: a pure function of the conversation, its tools, what it says of their choice and the form that
 * it wants of the answer.
 */
export function nextStep(asked: Conversation): Step {
  const question = textOf(asked.turns.findLast(({ role }) => role === "user")?.blocks ?? []);
  const step = chooseStep(asked, question);
  if (typeof step !== "string" || !asked.output) return step;
  const { output } = asked;
  return JSON.stringify(output.kind === "schema" ? fillSchema(output.schema, question) : { answer: step });
}

function chooseStep(asked: Conversation, question: string): Step {
  const { turns, tools, toolChoice } = asked;
  const last = turns.at(-1)?.blocks.at(-1);
  if (last?.type === "result") {
    const call = callsOf(asked).find(({ id }) => id === last.callId);
    return afterTool(textOf([last]).trim(), call, question);
  }
  if (toolChoice?.kind === "none" || turns.at(-1)?.role !== "user") return greet(question);
  const known = tools.map(readTool);
  const own = known.filter(({ name }) => name !== GET && name !== EXECUTE);
  const forced = toolChoice?.kind === "named" && known.find(({ name }) => name === toolChoice.name);
  const chosen = forced || chooseTool(question, own);
  const query = topicsOf(question).slice(0, 8).join(" ");
  if (!chosen && own.length < tools.length && query !== "") return [GET, { query }];
  const tool = chosen ?? (toolChoice?.kind === "required" ? known[0] : undefined);
  return tool ? [tool.name, fillArguments(tool.parameters ?? {}, question)] : greet(question);
}

/** @param call what the result is of, if the conversation has it */
function afterTool(result: string, call: CallBlock | undefined, question: string): Step {
  const args = objectOf(parseJson(call?.input ?? "")) ?? {};
  const listed = call?.name === GET ? parseJson(result) : undefined;
  const found = listOf(listed).filter(isJsonObject).map(readTool);
  const best = "names" in args ? found[0] : chooseTool(question, found);
  if (best?.parameters) return [EXECUTE, { name: best.name, arguments: fillArguments(best.parameters, question) }];
  if (best) return [GET, { names: [best.name] }];
  // The words of the question need not be those of a tool: the whole list is looked at, once.
  if (Array.isArray(listed)) return "query" in args ? [GET, {}] : `No MCP tool fits this. ${greet(question)}`;
  const name = call?.name === EXECUTE ? String(args["name"]) : (call?.name ?? "you ran");
  return `The tool ${name} ${result.startsWith("Error: ") ? "failed." : "answered:"} ${result}`;
}

/** A tool that a request offers or that `mcp_tools_get` lists. */
function readTool(tool: object): KnownTool {
  const { name, description, parameters, input_schema: schema }: JsonObject = { ...tool };
  return { name: String(name), description: String(description ?? ""), parameters: objectOf(parameters ?? schema) };
}

function greet(question: string): string {
  const words = question.trim().split(/\s+/);
  const echo = words.slice(0, MAX_ECHO_WORDS).join(" ") + (words.length > MAX_ECHO_WORDS ? " …" : "");
  return (
    `Hello, this is the gateway's demo provider. ${echo === "" ? "You sent no text." : `You said: “${echo}”.`} ` +
    "No language model is at work here, so the same question always gets the same answer. Next, send me a tool such as " +
    "get_weather and ask “What is the weather in Paris?”, or set a real provider's key, for example OPENAI_API_KEY, and " +
    "ask one of its models."
  );
}

/** What a text is about: its significant words, in order and singular, each once. */
function topicsOf(text: string): string[] {
  const words = (text.toLowerCase().match(/\p{L}+/gu) ?? []).filter((word) => !STOP_WORD.test(word));
  return [...new Set(words.map((word) => word.replace(/(?<=..[^s])s$/, "")))];
}

/** The tool with most words in common with a message. One word of a name, or two of a description, are a request for it. */
function chooseTool(message: string, tools: readonly KnownTool[]): KnownTool | undefined {
  const topics = new Set(topicsOf(message));
  const common = (text: string): number => new Set(topicsOf(text)).intersection(topics).size;
  const scored = tools.map((tool) => ({ tool, score: 3 * common(tool.name) + common(tool.description ?? "") }));
  return scored.toSorted((a, b) => b.score - a.score).find(({ score }) => score >= 2)?.tool;
}

/** Arguments of a call; what is no object in its schema is none. */
const fillArguments = (schema: JsonObject, message: string): JsonObject =>
  objectOf(fillSchema({ ...schema, type: "object" }, message)) ?? {};
