import { parseArgs } from "node:util";

/** A program of the bench: takes its arguments, resolves with the exit code of the process. */
export type Command = (commandLine: readonly string[]) => Promise<number>;

/** The options of a program beside `--help` and `--json FILE`: numbers above 0, by what they are unless given, and flags. */
interface Options<Name extends string, Flag extends string> {
  readonly numbers?: Readonly<Record<Name, number>>;
  readonly flags?: readonly Flag[];
}
type Values<Name extends string, Flag extends string> = Readonly<Record<Name, number> & Record<Flag, boolean>> & {
  readonly json?: string;
};

/**
 * A program with options of its own.
 * @param usage what `--help` prints
 */
export function command<Name extends string = never, Flag extends string = never>(
  usage: string,
  { numbers, flags = [] }: Options<Name, Flag>,
  run: (values: Values<Name, Flag>) => Promise<number>,
): Command {
  return async (commandLine) => {
    if (commandLine.includes("--help")) {
      console.log(usage);
      return 0;
    }
    const usual = Object.entries<number>(numbers ?? {});
    const { values }: { readonly values: Readonly<Record<string, unknown>> } = parseArgs({
      args: [...commandLine],
      options: {
        json: { type: "string" },
        ...Object.fromEntries(usual.map(([name]) => [name, { type: "string" }] as const)),
        ...Object.fromEntries(flags.map((flag) => [flag, { type: "boolean", default: false }] as const)),
      },
    });
    const given = usual.map(([name, number]) => [name, name in values ? positive(name, String(values[name])) : number]);
    return run({ ...values, ...Object.fromEntries(given) } as Values<Name, Flag>);
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
