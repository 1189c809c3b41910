/** Where the lines of an `.env` file are. */
export interface EnvFileLines {
  /** The line of each variable, the last one of that name, from 1. */
  readonly variables: ReadonlyMap<string, number>;
  /** Lines that are neither a variable, nor a comment, nor blank. */
  readonly unread: readonly number[];
}

const VARIABLE = /^\s*(?:export\s+)?([^=\s#"'`]+)\s*=[ \t]*(["'`])?/;

/** Finds the lines of an `.env` file as the runtime reads it: a quoted value may have several. */
export function scanEnvFile(text: string): EnvFileLines {
  const variables = new Map<string, number>();
  const unread: number[] = [];
  /** Quotes that do not come any more, so that they are not looked for in vain again. */
  const gone = new Set<string>();
  const lines = text.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [begin, name, quote] = VARIABLE.exec(line) ?? [];
    if (begin === undefined || name === undefined) {
      unread.push(index + 1);
      continue;
    }
    variables.set(name, index + 1);
    if (quote === undefined || gone.has(quote) || line.includes(quote, begin.length)) continue;
    const end = lines.findIndex((other, at) => at > index && other.includes(quote));
    if (end < 0) gone.add(quote);
    else index = end;
  }
  return { variables, unread };
}
