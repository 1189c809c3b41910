/** What the gateway costs, beside nginx and bare proxies on Bun. See `--help`. */

import { parseOptions, USAGE } from "./options.ts";

/** Takes the rest of the command line; resolves with the exit code of the process. */
type Command = (commandLine: readonly string[]) => Promise<number>;

/** Programs of the bench beside the comparison; each is loaded only where it is asked for. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  soak: async () => (await import("./soak.ts")).soak,
  abuse: async () => (await import("./abuse.ts")).runAbuse,
  guard: async () => (await import("./guard.ts")).guard,
  chart: async () => (await import("./chart.ts")).chart,
};

async function comparison(commandLine: readonly string[]): Promise<number> {
  const options = parseOptions(commandLine);
  if (options === undefined) console.log(USAGE);
  else await (await import("./compare.ts")).compare(options);
  return 0;
}

try {
  const [name = "", ...rest] = process.argv.slice(2);
  const command = await COMMANDS[name]?.();
  process.exit(command === undefined ? await comparison(process.argv.slice(2)) : await command(rest));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
