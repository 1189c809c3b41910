/** Whether a tool exists for the gateway's clients. */
export type ToolFilter = (origin: ToolOrigin) => boolean;

/**
 * The filter of `MCP_INCLUDE_TOOLS` and `MCP_EXCLUDE_TOOLS`, whose entries are compared without regard to case. A list
 * of what is included decides alone.
 */
export function createToolFilter(included: readonly string[], excluded: readonly string[]): ToolFilter {
  const decisive = new Set((included.length > 0 ? included : excluded).map((entry) => entry.toLowerCase()));
  if (decisive.size === 0) return () => true;
  return (origin) => spellingsOf(origin).some((spelling) => decisive.has(spelling)) === included.length > 0;
}

/** What every name begins with, so that a tool of a server differs from one of the client. */
export const PREFIX = "mcp_";

/** Longest function name that providers take. */
const MAX_NAME_LENGTH = 64;

const HASH_LENGTH = 8;

/** A tool by the names that its server and the operator gave. */
export interface ToolOrigin {
  readonly server: string;
  readonly tool: string;
}

/**
 * The names by which a tool may be known, the preferred one first, without an end: `mcp_<tool>`, `mcp_<server>_<tool>`,
 * and then ones with a hash, which differ from each other. All match `^[a-zA-Z0-9_-]{1,64}$`: other characters become
 * `_`, and what is too long is cut and gets a hash of the whole.
 */
function* candidateNames(origin: ToolOrigin): Generator<string, never> {
  const { server, tool } = origin;
  const names = [`${PREFIX}${tool}`, `${PREFIX}${server}_${tool}`].map((name) => name.replace(/[^a-zA-Z0-9_-]/g, "_"));
  for (const name of names) yield name.length > MAX_NAME_LENGTH ? withHash(name, origin, 0) : name;
  for (let round = 1; ; round += 1) yield withHash(names[1] ?? PREFIX, origin, round);
}

function withHash(name: string, { server, tool }: ToolOrigin, round: number): string {
  const hash = new Bun.CryptoHasher("sha256").update(JSON.stringify([server, tool, round])).digest("hex");
  return `${name.slice(0, MAX_NAME_LENGTH - HASH_LENGTH - 1)}_${hash.slice(0, HASH_LENGTH)}`;
}

/** The first name of a tool that is not taken. */
export function chooseName(origin: ToolOrigin, isTaken: (name: string) => boolean): string {
  const candidates = candidateNames(origin);
  let { value: name } = candidates.next();
  while (isTaken(name)) name = candidates.next().value;
  return name;
}

/** Everything an operator may write to mean this tool, in lower case: `tool`, `server/tool`, and its names. */
function spellingsOf(origin: ToolOrigin): readonly string[] {
  const candidates = candidateNames(origin);
  const names = [candidates.next().value, candidates.next().value];
  const plain = `${PREFIX}${origin.tool}`;
  return [origin.tool, `${origin.server}/${origin.tool}`, plain, ...names].map((spelling) => spelling.toLowerCase());
}
