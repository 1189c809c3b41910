import { availableParallelism } from "node:os";
import { version } from "../../package.json" with { type: "json" };
import { parseCommandLine } from "./command-line.ts";
import { loadSource, readSource, rereadSource } from "../config/config-source.ts";
import type { Config } from "../config/load-config.ts";
import { EXIT, fail } from "./exit.ts";
import { writeWhole } from "./write-whole.ts";
import { holdReloadSignal } from "./signals.ts";
import { countWorkers, readCpuQuota } from "./workers/count-workers.ts";
import { workerNumber } from "./workers/worker-process.ts";

function print(text: string): never {
  writeWhole(1, text.endsWith("\n") ? text : `${text}\n`);
  process.exit(EXIT.ok);
}

function warn(text: string): void {
  writeWhole(2, `warning: ${text}\n`);
}

/** Without any provider the gateway still serves, since a local one may come up later; but it says what is missing. */
function warnWithoutProviders({ providers }: Config, demo: boolean): void {
  if (demo || providers.some((provider) => provider.configured)) return;
  writeWhole(
    2,
    "No provider is configured: set a key such as OPENAI_API_KEY, or a URL such as OLLAMA_API_URL (--help lists all).\n" +
      "To try the gateway without any key, start it with --demo.\n",
  );
}

/** How many processes are to serve; one is this one. */
function workersFor({ settings }: Config): number {
  const machine = { platform: process.platform, cores: availableParallelism(), quota: readCpuQuota() };
  const { count, warning } = countWorkers(settings.SERVER_WORKERS, machine);
  if (warning !== undefined) warn(warning);
  return count;
}

/** Does what the arguments after the program's name ask for. */
export async function runCommand(args: string[]): Promise<void> {
  // What only some of these processes need is loaded only there: the gateway's code is most of the program.
  const worker = workerNumber(args);
  if (worker !== undefined) return (await import("./workers/run-worker.ts")).runWorker(worker, version);

  const parsed = parseCommandLine(args);
  if (!parsed.ok) fail([parsed.problem], EXIT.badSettings);
  const { action, live, demo, ...files } = parsed.commandLine;
  if (action === "help") print((await import("./help.ts")).helpText(process.stdout.columns ?? 100));
  if (action === "version") print(version);
  if (action === "print-schema") print((await import("../config/file/editor-schema.ts")).editorSchema());
  const onReloadSignal = action === "serve" ? holdReloadSignal() : () => {};
  const read = await readSource(process.env, files);
  if (!read.ok) fail([read.problem], EXIT.badSettings);
  const { source } = read;
  const loaded = loadSource(source);
  loaded.warnings.forEach(warn);
  if (!loaded.ok) fail(loaded.problems, EXIT.badSettings);
  const { config } = loaded;
  if (action === "print-config") {
    const hasFile = source.file !== undefined || source.routing !== undefined;
    const origins = hasFile ? await import("../config/file/origins.ts") : undefined;
    const parts = hasFile ? (await import("../config/models/show-parts.ts")).showParts(config.writtenParts) : [];
    const { printConfig } = await import("./print-config.ts");
    print(printConfig(config, origins?.createOrigins(source, process.env), parts));
  }
  const readAgain = rereadSource(process.env, files, source);
  if (action === "healthcheck") {
    const { checkHealth } = await import("./health-check.ts");
    const problem = await checkHealth(config.settings);
    if (problem !== undefined) fail([problem], EXIT.notServing);
    print("healthy");
  }
  if (action === "serve") {
    warnWithoutProviders(config, demo);
    const count = workersFor(config);
    if (count > 1) {
      const { serveWithWorkers } = await import("./workers/serve-with-workers.ts");
      return serveWithWorkers({ config, source, readSource: readAgain, onReloadSignal, demo, version, count });
    }
  }
  const { openServiceOrFail, serve } = await import("./serve.ts");
  const { openLog } = await import("./open-log.ts");
  const parts = { config, demo, version, log: await openLog(config.settings) };
  if (action === "check") {
    // Whoever opens the history's database makes its tables those of this version, on which an older gateway does not start.
    const settings = { ...config.settings, HISTORY_ENABLED: false };
    await openServiceOrFail({ ...parts, config: { ...config, settings } });
    await parts.log.flushLines();
    const { describeSetup } = await import("./describe-setup.ts");
    writeWhole(1, `${["The settings are good.", ...describeSetup(config, demo)].join("\n")}\n`);
    if (!live) process.exit(EXIT.ok);
    const { lines, isGood } = await (await import("./check-live.ts")).checkLive(config);
    writeWhole(1, `${lines.join("\n")}\n`);
    process.exit(isGood ? EXIT.ok : EXIT.notServing);
  }
  await serve({ ...parts, source, readSource: readAgain, onReloadSignal });
}
