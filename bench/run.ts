/** What the gateway costs, beside nginx and bare proxies on Bun. See `--help`. */
import { type Command, messageOf } from "./command.ts";

/** The programs beside the comparison; each is loaded only if it is asked for. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  abuse: async () => (await import("./endurance/abuse.ts")).abuse,
  compare: async () => (await import("./compare/compare.ts")).compare,
  chaos: async () => (await import("./endurance/chaos.ts")).chaos,
  features: async () => (await import("./compare/compare.ts")).features,
  guard: async () => (await import("./guard/guard.ts")).guard,
  soak: async () => (await import("./endurance/soak.ts")).soak,
  tables: async () => (await import("./report/publish.ts")).publish,
  workers: async () => (await import("./compare/workers.ts")).workers,
};
const everything = async (): Promise<Command> => (await import("./compare/compare.ts")).everything;

try {
  const [name = "", ...rest] = process.argv.slice(2);
  const named = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const command = await (named ?? everything)();
  process.exit(await command(named === undefined ? process.argv.slice(2) : rest));
} catch (error) {
  console.error(messageOf(error));
  process.exit(1);
}
