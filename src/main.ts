import { version } from "../package.json" with { type: "json" };
import { BadSetting } from "./config/bad-setting.ts";
import { parseCommandLine } from "./config/command-line.ts";
import type { Environment } from "./config/environment.ts";
import { helpText } from "./config/help-text.ts";
import { type Config, loadConfig } from "./config/load-config.ts";
import { printConfig } from "./config/print-config.ts";
import { readEnvFile } from "./config/read-env-file.ts";
import { createDemoConfig } from "./demo/create-demo-config.ts";
import { createGateway, type Gateway } from "./gateway.ts";
import { checkHealth } from "./server/check-health.ts";
import { createLog, type Log } from "./telemetry/create-log.ts";

/** How the process ends; the README tells operators the same. */
const EXIT = {
  /** All requests were finished, or there was nothing to do but to print. */
  ok: 0,
  /** The address could not be listened on; or, for `--healthcheck`, nothing healthy answers there. */
  notServing: 1,
  /** The command line or a setting is wrong. */
  badSettings: 2,
  /** `SERVER_SHUTDOWN_TIMEOUT` passed and requests were cut off. */
  requestsCut: 3,
} as const;

/** Exit code of a process that a second signal ended: 128 plus the signal's number, as shells count. */
const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * The runtime lets 256 requests out at once by default, and reads its limit only when the process starts: so the process
 * begins again, under the same id, with the limit raised. https://bun.com/docs/runtime/networking/fetch
 */
function raiseRequestLimit(): void {
  if (process.env["BUN_CONFIG_MAX_HTTP_REQUESTS"] !== undefined || typeof process.execve !== "function") return;
  const isBinary = Bun.main.startsWith("/$bunfs/");
  const script = isBinary ? [] : [...process.execArgv, Bun.main];
  process.execve(process.execPath, [process.execPath, ...script, ...process.argv.slice(2)], {
    ...process.env,
    BUN_CONFIG_MAX_HTTP_REQUESTS: "65535",
  });
}

function fail(lines: readonly string[], code: number): never {
  for (const line of lines) process.stderr.write(`${line}\n`);
  process.exit(code);
}

function print(text: string): never {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  process.exit(EXIT.ok);
}

function readEnvironment(path: string | undefined): Environment {
  if (path === undefined) return process.env;
  const read = readEnvFile(path, process.env);
  return read.ok ? read.environment : fail([read.problem], EXIT.badSettings);
}

/** Without any provider the gateway still serves, since a local one may come up later; but it says what is missing. */
function warnWithoutProviders({ providers }: Config): void {
  if (providers.some((provider) => provider.configured)) return;
  process.stderr.write(
    "No provider is configured: set a key such as OPENAI_API_KEY, or a URL such as OLLAMA_API_URL (--help lists all).\n" +
      "To try the gateway without any key, start it with --demo.\n",
  );
}

function drainOnSignal(gateway: Gateway, log: Log): void {
  let draining = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (draining) process.exit(SIGNAL_EXIT[signal]);
      draining = true;
      const drained = gateway.drain();
      log.info({ signal }, "draining");
      void drained.then((cut) => {
        if (cut > 0) log.warn({ cut }, "stopped; requests were cut off");
        else log.info("stopped");
        process.exit(cut > 0 ? EXIT.requestsCut : EXIT.ok);
      });
    });
  }
}

function reloadOnHangup(gateway: Gateway, log: Log): void {
  process.on("SIGHUP", () => {
    try {
      gateway.reload();
      log.info("reloaded");
    } catch (error) {
      log.error(
        { reason: error instanceof Error ? error.message : String(error) },
        "not reloaded; what was loaded before stays",
      );
    }
  });
}

/** Builds the gateway, and ends the process where a setting turns out to be bad only now. */
function build(config: Config, log: Log): Gateway {
  try {
    return createGateway(config, { log, version });
  } catch (error) {
    if (error instanceof BadSetting) fail([error.message], EXIT.badSettings);
    throw error;
  }
}

function openLog({ settings }: Config): Log {
  return createLog({ level: settings.LOG_LEVEL, format: settings.LOG_FORMAT, environment: settings.ENVIRONMENT });
}

const LOOPBACK = /^(127\.|localhost$|::1$)/;

async function serve(config: Config): Promise<void> {
  const { settings } = config;
  warnWithoutProviders(config);
  const log = openLog(config);
  const gateway = build(config, log);
  // Before anyone can learn that the gateway listens: a signal right behind that must not find no one.
  drainOnSignal(gateway, log);
  reloadOnHangup(gateway, log);
  try {
    const { url } = await gateway.listen();
    const providers = config.providers.filter((provider) => provider.configured).map((provider) => provider.id);
    log.info({ url, version, providers }, "listening");
    if (!settings.AUTH_ENABLED && !settings.SERVER_UNIX_SOCKET && !LOOPBACK.test(settings.SERVER_HOST)) {
      log.warn("everyone who reaches this address can use the providers' keys: set AUTH_ENABLED=true");
    }
  } catch (error) {
    const reason =
      error instanceof Error && "code" in error && error.code === "EADDRINUSE" ? "it is in use" : String(error);
    const address = settings.SERVER_UNIX_SOCKET ?? `${settings.SERVER_HOST}:${settings.SERVER_PORT}`;
    fail([`cannot listen on ${address}: ${reason}`], EXIT.notServing);
  }
}

function main(): void {
  const parsed = parseCommandLine(process.argv.slice(2));
  if (!parsed.ok) fail([parsed.problem], EXIT.badSettings);
  const { action, demo, envFile } = parsed.commandLine;
  if (action === "help") print(helpText(process.stdout.columns ?? 100));
  if (action === "version") print(version);
  if (action === "serve") raiseRequestLimit();
  const loaded = loadConfig(readEnvironment(envFile));
  for (const warning of loaded.warnings) process.stderr.write(`warning: ${warning}\n`);
  if (!loaded.ok) fail(loaded.problems, EXIT.badSettings);
  if (action === "print-config") print(printConfig(loaded.config));
  if (action === "check") {
    build(loaded.config, openLog(loaded.config));
    print("The settings are good.");
  }
  if (action === "healthcheck") {
    void checkHealth(loaded.config.settings).then((problem) =>
      problem ? fail([problem], EXIT.notServing) : print("healthy"),
    );
    return;
  }
  void serve(demo ? createDemoConfig(loaded.config) : loaded.config);
}

main();
