import { asksOnly } from "./cli/actions.ts";
import { startAsConfigured } from "./cli/own-command.ts";

const args = process.argv.slice(2);
// Before anything else is loaded, which the process that begins again would load once more: 7 ms of the binary's start, 25 of
// the source's.
if (!asksOnly(args)) startAsConfigured();
await (await import("./cli/run-command.ts")).runCommand(args);
