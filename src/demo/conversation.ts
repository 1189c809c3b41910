import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { parseJson } from "../core/json/parse-bytes.ts";
import { chooseTool, fillArguments, objectsOf, readTools, topicsOf } from "./tools.ts";

/** What the demo model does next: it says something, or calls a tool. */
export interface Turn {
  readonly text: string;
  readonly call: { readonly name: string; readonly arguments: string } | undefined;
  /** Words of the conversation so far. */
  readonly prompt: number;
}

/** The two functions that replace all MCP tools if the gateway offers them by selection. */
const GET = "mcp_tools_get";
const EXECUTE = "mcp_tools_execute";

const MAX_ECHO_WORDS = 20;

/** Runs of anything but white space; the demo provider counts them as tokens. */
export const countWords = (text: string): number => text.match(/\S+/g)?.length ?? 0;

/** Decides what comes next: a pure function of the conversation, its tools and its `tool_choice`. */
export function nextTurn(messages: readonly JsonObject[], request: JsonObject): Turn {
  const calls = messages
    .flatMap((message) => objectsOf(message["tool_calls"]))
    .map(({ id, function: called }) => {
      const { name, arguments: args } = isJsonObject(called) ? called : {};
      return { id, name: String(name), arguments: String(args) };
    });
  const said = [...messages.map(textOf), ...calls.flatMap((call) => [call.name, call.arguments])];
  const prompt = countWords(said.join(" "));
  const speak = (text: string): Turn => ({ text, call: undefined, prompt });
  const use = (name: string, args: JsonObject): Turn => ({
    text: "",
    call: { name, arguments: JSON.stringify(args) },
    prompt,
  });

  const last = messages.at(-1);
  const question = textOf(messages.findLast(({ role }) => role === "user") ?? {});
  if (last?.["role"] === "tool") {
    const call = calls.find(({ id }) => id === last["tool_call_id"]);
    const asked = parseJson(call?.arguments ?? "");
    const args = isJsonObject(asked) ? asked : {};
    const listed: unknown = call?.name === GET ? parseJson(textOf(last)) : undefined;
    const found = readTools(listed);
    const best = "names" in args ? found[0] : chooseTool(question, found);
    if (best?.parameters) return use(EXECUTE, { name: best.name, arguments: fillArguments(best.parameters, question) });
    if (best) return use(GET, { names: [best.name] });
    // The words of the question need not be those of a tool: the whole list is looked at, once.
    if (Array.isArray(listed))
      return "query" in args ? use(GET, {}) : speak(`No MCP tool fits this. ${greet(question)}`);
    const result = textOf(last).trim();
    const name = call?.name === EXECUTE ? String(args["name"]) : (call?.name ?? "you ran");
    return speak(`The tool ${name} ${result.startsWith("Error: ") ? "failed." : "answered:"} ${result}`);
  }
  const { tool_choice: choice } = request;
  const tools = readTools(request["tools"]);
  if (choice === "none" || last?.["role"] !== "user") return speak(greet(question));
  const own = tools.filter(({ name }) => name !== GET && name !== EXECUTE);
  const forced = isJsonObject(choice) && isJsonObject(choice["function"]) ? choice["function"]["name"] : undefined;
  const chosen = forced ? tools.find(({ name }) => name === forced) : chooseTool(question, own);
  const words = [...topicsOf(question)];
  if (!chosen && own.length < tools.length && words.length > 0) return use(GET, { query: words.slice(0, 8).join(" ") });
  const tool = chosen ?? (choice === "required" ? tools[0] : undefined);
  return tool ? use(tool.name, fillArguments(tool.parameters ?? {}, question)) : speak(greet(question));
}

function greet(question: string): string {
  const words = question.trim().split(/\s+/);
  const echo = words.slice(0, MAX_ECHO_WORDS).join(" ");
  const said = echo === "" ? "You sent no text." : `You said: “${echo}${words.length > MAX_ECHO_WORDS ? " …" : ""}”.`;
  return (
    `Hello, this is the gateway's demo provider. ${said} No language model is at work here, so the same question always gets the same answer. ` +
    "Next, send me a tool such as get_weather and ask “What is the weather in Paris?”, " +
    "or set a real provider's key, for example OPENAI_API_KEY, and ask one of its models."
  );
}

function textOf({ content }: JsonObject): string {
  if (typeof content === "string") return content;
  return objectsOf(content)
    .flatMap(({ text }) => (typeof text === "string" ? [text] : []))
    .join("\n");
}
