import type { JsonObject } from "../../core/json/parse.ts";
import { openTurns } from "../../core/event-loop.ts";
import type { ToolDescription } from "./tool-list.ts";

/** One tool in the answer of `mcp_tools_get`. */
interface FoundTool {
  readonly name: string;
  readonly description: string;
  readonly server: string;
  readonly input_schema?: JsonObject;
}

/** A word in a tool's name says more about it than one in its description. */
const NAME_WEIGHT = 3;

const WORD = /[\p{L}\p{N}]+/gu;

/** Each is looked for in all that is said of all tools; so many of a query's words count, the first ones. */
const MAX_WORDS = 32;

/** A longer query is cut: no model needs so much to say what it looks for. */
const MAX_QUERY_LENGTH = 4096;

/**
 * What `mcp_tools_get` answers, as JSON: {@link findTools}.
 * @returns undefined if there are `names`, and no tool is found
 */
export async function writeFoundTools(
  tools: readonly ToolDescription[],
  names: readonly string[],
  query: string,
): Promise<string | undefined> {
  const found = await findTools(tools, names, query);
  if (found.length === 0 && names.length > 0) return undefined;
  const turns = openTurns();
  const texts: string[] = [];
  for (const tool of found) {
    texts.push(JSON.stringify(tool));
    if (turns.isOver()) await turns.next();
  }
  return `[${texts.join(",")}]`;
}

/**
 * The tools of `names` with their schemas, then those that have a word of `query` in
 * their names or descriptions, the best first; without either, all of them.
 */
async function findTools(
  tools: readonly ToolDescription[],
  names: readonly string[],
  query: string,
): Promise<FoundTool[]> {
  const wanted = new Set(names);
  const named = tools.filter(({ name }) => wanted.has(name));
  const rest = tools.filter(({ name }) => !wanted.has(name));
  const found = query.slice(0, MAX_QUERY_LENGTH).toLowerCase().match(WORD) ?? [];
  const words = [...new Set(found)].slice(0, MAX_WORDS);
  const asked = wanted.size > 0 || words.length > 0;
  const turns = openTurns();
  const matching: { readonly tool: ToolDescription; readonly score: number }[] = [];
  for (const tool of rest) {
    const score = scoreOf(tool, words);
    if (score > 0 || !asked) matching.push({ tool, score });
    if (turns.isOver()) await turns.next();
  }
  matching.sort((left, right) => right.score - left.score);
  return [
    ...named.map(({ name, description, server, inputSchema }) => ({
      name,
      description,
      server,
      input_schema: inputSchema,
    })),
    ...matching.map(({ tool: { name, description, server } }) => ({ name, description, server })),
  ];
}

function scoreOf({ name, description }: ToolDescription, words: readonly string[]): number {
  const [inName, inDescription] = [name.toLowerCase(), description.toLowerCase()];
  let score = 0;
  for (const word of words) {
    if (inName.includes(word)) score += NAME_WEIGHT;
    if (inDescription.includes(word)) score += 1;
  }
  return score;
}
