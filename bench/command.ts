import { parseArgs, type ParseArgsConfig } from "node:util";

/** A program of the bench: takes its arguments, resolves with the exit code of the process. */
export type Command = (commandLine: readonly string[]) => Promise<number>;
type Options = NonNullable<ParseArgsConfig["options"]>;
type Values<Given extends Options> = ReturnType<typeof parseArgs<{ options: Given }>>["values"];

/**
 * A program with options of its own, and `--help` beside them.
 * @param usage what `--help` prints
 */
export function command<const Given extends Options>(
  usage: string,
  options: Given,
  run: (values: Values<Given>) => Promise<number>,
): Command {
  return async (commandLine) => {
    if (commandLine.includes("--help")) {
      console.log(usage);
      return 0;
    }
    return run(parseArgs({ args: [...commandLine], options }).values);
  };
}

/** Reads the value of an option that has to be a number above 0. Throws an error for the user if it is not. */
export function positive(name: string, text: string | undefined): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} ${text}: must be a number above 0`);
  return value;
}

/** What an error says, for a line of output. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
