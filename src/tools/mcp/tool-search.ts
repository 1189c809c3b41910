import type { JsonObject } from "../../core/json/parse.ts";
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

/**
 * What `mcp_tools_get` answers: the tools of `names` with their schemas, then those that have a word of `query` in their
 * names or descriptions, the best first; without either, all of them.
 */
export function findTools(tools: readonly ToolDescription[], names: readonly string[], query: string): FoundTool[] {
  const named = tools.filter(({ name }) => names.includes(name));
  const rest = tools.filter((tool) => !named.includes(tool));
  const words = query.toLowerCase().match(WORD) ?? [];
  const asked = names.length > 0 || words.length > 0;
  const matching = rest
    .map((tool) => ({ tool, score: scoreOf(tool, words) }))
    .filter(({ score }) => score > 0 || !asked)
    .sort((left, right) => right.score - left.score);
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
