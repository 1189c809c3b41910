import { nearestName } from "../core/nearest-name.ts";
import { ACTIONS } from "./actions.ts";

/** Every option of the command, in the order in which `--help` lists them. */
export const COMMAND_LINE_OPTIONS = {
  demo: { type: "boolean", doc: "add the built-in provider demo, which answers without any key" },
  config: {
    type: "string",
    value: "PATH",
    doc: "read this YAML file of providers and settings too; variables win over it, and saving it applies it",
  },
  "env-file": { type: "string", value: "PATH", doc: "read settings from this file too; the environment wins over it" },
  check: {
    type: "boolean",
    word: "live",
    doc: "check the settings, say what they mean, and exit: 0 if they are good, 2 if not; --check=live also asks each provider for its models and each issuer for its keys: 1 if one of them fails",
  },
  "print-config": { type: "boolean", doc: "print the effective settings, secrets masked, and exit" },
  "print-schema": { type: "boolean", doc: "print the JSON Schema of the file of --config, for editors, and exit" },
  healthcheck: {
    type: "boolean",
    doc: "ask the gateway running with these settings: exit 0 if it is healthy, 1 if not",
  },
  help: { type: "boolean", short: "h", doc: "print this text and exit" },
  version: { type: "boolean", short: "v", doc: "print the version and exit" },
} as const;

type OptionName = keyof typeof COMMAND_LINE_OPTIONS;

/** What the operator asked for on the command line. */
interface CommandLine {
  /** If several are given, the one that comes first in: help, version, print-schema, print-config, check, healthcheck. */
  readonly action: (typeof ACTIONS)[number] | "serve";
  /** Whether `check` asks providers and issuers. */
  readonly live: boolean;
  readonly demo: boolean;
  /** Path of a file with settings, relative to the working directory. */
  readonly envFile: string | undefined;
  /** Path of the configuration file, likewise. */
  readonly configFile: string | undefined;
}

type Parsed =
  { readonly ok: true; readonly commandLine: CommandLine } | { readonly ok: false; readonly problem: string };

const SEE_HELP = "; --help lists the options";

function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(COMMAND_LINE_OPTIONS, name);
}

function noSuchValue(name: OptionName, word: string | undefined): string {
  return word === undefined ? `--${name} takes no value` : `--${name} takes no value but ${word}: --${name}=${word}`;
}

function unknownOption(rawName: string): string {
  const nearest = nearestName(
    rawName,
    Object.keys(COMMAND_LINE_OPTIONS).map((name) => `--${name}`),
  );
  const suggestion = nearest === undefined ? SEE_HELP : ` (did you mean ${nearest}?)`;
  return `unknown option ${JSON.stringify(rawName)}${suggestion}`;
}

/** Without arguments, with which most gateways are started, the module that reads them is not loaded: it takes 1.4 MiB. */
function tokensOf(args: string[]) {
  if (args.length === 0) return [];
  // Not `strict`, whose messages take several lines and suggest nothing: the same checks are made over the tokens.
  const how = { strict: false, allowPositionals: true, tokens: true } as const;
  return process.getBuiltinModule("node:util").parseArgs({ args, options: COMMAND_LINE_OPTIONS, ...how }).tokens;
}

/**
 * Reads the arguments after the program's name.
 * @returns the typed command line, or a one-line problem (for exit code 2)
 */
export function parseCommandLine(args: string[]): Parsed {
  const given = new Set<OptionName>();
  const paths = new Map<OptionName, string>();
  let live = false;
  for (const token of tokensOf(args)) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      // Settings are not arguments; whoever passes one as such may pass a secret.
      const [shown = ""] = token.value.split("=", 1);
      return { ok: false, problem: `unexpected argument ${JSON.stringify(shown)}${SEE_HELP}` };
    }
    if (!isOptionName(token.name)) return { ok: false, problem: unknownOption(token.rawName) };
    const option = COMMAND_LINE_OPTIONS[token.name];
    if (option.type === "boolean") {
      const word = "word" in option ? option.word : undefined;
      if (token.value !== undefined && token.value !== word)
        return { ok: false, problem: noSuchValue(token.name, word) };
      live ||= token.value !== undefined;
    } else {
      const missing = !token.value || (!token.inlineValue && token.value.startsWith("-"));
      if (missing) return { ok: false, problem: `--${token.name} needs a path: --${token.name} PATH` };
      if (paths.has(token.name)) return { ok: false, problem: `--${token.name} may be given only once` };
      paths.set(token.name, token.value ?? "");
    }
    given.add(token.name);
  }
  const action = ACTIONS.find((name) => given.has(name)) ?? "serve";
  const files = { envFile: paths.get("env-file"), configFile: paths.get("config") };
  return { ok: true, commandLine: Object.freeze({ action, demo: given.has("demo"), live, ...files }) };
}
