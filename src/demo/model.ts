import { objectOf } from "../core/json/values.ts";
import { isJsonObject, type JsonObject, parseJson } from "../core/json/parse.ts";

/** What the demo model does next: it says something, or calls a tool. */
interface Turn {
  readonly text: string;
  readonly call: { readonly name: string; readonly arguments: string } | undefined;
  /** Words of the conversation so far. */
  readonly input: number;
}

/** The two functions that replace all MCP tools if the gateway offers them by selection. */
const GET = "mcp_tools_get";
const EXECUTE = "mcp_tools_execute";

const MAX_ECHO_WORDS = 20;

/** Words that say nothing about which tool a text is about. */
const STOP_WORD =
  /^(?:a|about|all|and|any|are|as|at|be|by|can|do|for|from|get|give|hello|hey|hi|how|i|if|in|is|it|me|my|now|of|on|or|please|return|returns|say|tell|that|the|this|to|two|use|using|value|what|will|with|you|your)$/;

/** Runs of anything but white space; the demo provider counts them as tokens. */
export const countWords = (text: string): number => text.match(/\S+/g)?.length ?? 0;

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const objectsOf = (value: unknown): JsonObject[] => asList(value).filter(isJsonObject);

function textOf({ content }: JsonObject): string {
  if (typeof content === "string") return content;
  const texts = objectsOf(content).map(({ text }) => text ?? "");
  return texts.join("\n");
}

/** Decides what comes next: a pure function of the conversation, its tools and its `tool_choice`. */
export function nextTurn(messages: readonly JsonObject[], request: JsonObject): Turn {
  const calls = messages
    .flatMap((message) => objectsOf(message["tool_calls"]))
    .map(({ id, function: called }) => ({ id, name: "", arguments: "", ...objectOf(called) }));
  const said = [...messages.map(textOf), ...calls.flatMap((call) => [call.name, call.arguments])];
  const input = countWords(said.join(" "));
  const question = textOf(messages.findLast(({ role }) => role === "user") ?? {});
  const last = messages.at(-1) ?? {};
  const call = calls.find(({ id }) => id === last["tool_call_id"]);
  const isAnswered = last["role"] === "tool";
  const next = isAnswered ? afterTool(textOf(last).trim(), call, question) : choose(request, last, question);
  if (typeof next === "string") return { text: next, call: undefined, input };
  return { text: "", call: { name: next[0], arguments: JSON.stringify(next[1]) }, input };
}

/** A text to say, or a tool to call. */
type Step = string | readonly [name: string, args: JsonObject];

/** @param call what the result is of, if the conversation has it */
function afterTool(result: string, call: Turn["call"], question: string): Step {
  const args = objectOf(parseJson(call?.arguments ?? "")) ?? {};
  const listed: unknown = call?.name === GET ? parseJson(result) : undefined;
  const found = readTools(listed);
  const best = "names" in args ? found[0] : chooseTool(question, found);
  if (best?.parameters) return [EXECUTE, { name: best.name, arguments: fillArguments(best.parameters, question) }];
  if (best) return [GET, { names: [best.name] }];
  // The words of the question need not be those of a tool: the whole list is looked at, once.
  if (Array.isArray(listed)) return "query" in args ? [GET, {}] : `No MCP tool fits this. ${greet(question)}`;
  const name = call?.name === EXECUTE ? String(args["name"]) : (call?.name ?? "you ran");
  return `The tool ${name} ${result.startsWith("Error: ") ? "failed." : "answered:"} ${result}`;
}

function choose(request: JsonObject, { role }: JsonObject, question: string): Step {
  const choice = request["tool_choice"];
  const tools = readTools(request["tools"]);
  if (choice === "none" || role !== "user") return greet(question);
  const own = tools.filter(({ name }) => name !== GET && name !== EXECUTE);
  const forced = objectOf(objectOf(choice)?.["function"])?.["name"];
  const chosen = forced ? tools.find(({ name }) => name === forced) : chooseTool(question, own);
  const query = topicsOf(question).slice(0, 8).join(" ");
  if (!chosen && own.length < tools.length && query !== "") return [GET, { query }];
  const tool = chosen ?? (choice === "required" ? tools[0] : undefined);
  return tool ? [tool.name, fillArguments(tool.parameters ?? {}, question)] : greet(question);
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

/** The tools of a list, as a request offers them or as `mcp_tools_get` lists them, the latter perhaps without a schema. */
function readTools(list: unknown) {
  return objectsOf(list).flatMap((item) => {
    const { name, description, parameters, input_schema: schema } = { ...item, ...objectOf(item["function"]) };
    const known = { description: String(description ?? ""), parameters: objectOf(parameters ?? schema) };
    return typeof name === "string" ? [{ name, ...known }] : [];
  });
}

/** What a text is about: its significant words, in order and singular, each once. */
function topicsOf(text: string): string[] {
  const words = (text.toLowerCase().match(/\p{L}+/gu) ?? []).filter((word) => !STOP_WORD.test(word));
  return [...new Set(words.map((word) => word.replace(/(?<=..[^s])s$/, "")))];
}

/** The tool with most words in common with a message. One word of a name, or two of a description, are a request for it. */
function chooseTool(message: string, tools: ReturnType<typeof readTools>) {
  const common = (text: string): number => new Set(topicsOf(text)).intersection(new Set(topicsOf(message))).size;
  const scored = tools.map((tool) => ({ tool, score: 3 * common(tool.name) + common(tool.description) }));
  return scored.toSorted((a, b) => b.score - a.score).find(({ score }) => score >= 2)?.tool;
}

/** Arguments from a JSON Schema and a message; optional ones only if the message offers a number, a quotation or a name. */
function fillArguments(schema: JsonObject, message: string): JsonObject {
  const numbers = message.match(/(?<![\w.])-?\d+(?:\.\d+)?/g) ?? [];
  const quoted = message.match(/(?<=["“`])[^"”`]+(?=["”`])/g) ?? [];
  const names = message.match(/(?<=\p{Ll} )\p{Lu}[\p{L}\p{N}]*(?:[ -]\p{Lu}[\p{L}\p{N}]*)*/gu) ?? [];
  const mentioned = (value: unknown): boolean => message.toLowerCase().includes(String(value).toLowerCase());
  /** What the message offers, and what is taken otherwise. */
  const valuesOf = (name: string, { type, enum: values, default: given }: JsonObject): readonly unknown[] => {
    if (Array.isArray(values)) return [values.find(mentioned), given ?? values[0]];
    if (type === "number" || type === "integer") return [Number(numbers.shift() ?? given ?? 0)];
    if (type !== "string") return [undefined, given ?? (type === "array" ? [] : type === "boolean" ? false : {})];
    return /city|location|place|town/i.test(name) ? [names.shift(), "Paris"] : [quoted.shift(), given ?? message];
  };
  const filled = Object.entries(objectOf(schema["properties"]) ?? {}).flatMap(([name, property]) => {
    const [offered, usual] = valuesOf(name, objectOf(property) ?? {});
    const value = offered ?? (asList(schema["required"]).includes(name) ? usual : undefined);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(filled);
}
