import { parseArgs } from "node:util";
import { FEATURES_SCENARIO, PROCESS_SCENARIO, SCENARIOS } from "./scenarios.ts";
import type { Scenario } from "./scenarios.ts";
import { OWN_TARGETS, parseTarget } from "./targets.ts";
import type { Target } from "./targets.ts";

/** What the command line asks for. */
export interface Options {
  readonly quick: boolean;
  readonly scenarios: readonly Scenario[];
  /** Whether start-up time and memory are measured too. */
  readonly measureProcess: boolean;
  /** Whether the gateway's features are compared one by one. */
  readonly measureFeatures: boolean;
  readonly targets: readonly Target[];
  readonly repeats: number;
  /** Length of one run, in seconds. */
  readonly seconds: number;
  readonly openStreams: number;
  /** Seconds after which no further repeat is begun; `Infinity` for no limit. */
  readonly budgetSeconds: number;
  readonly mockPort: number;
  readonly jsonFile: string | undefined;
}

const LOAD_NAMES: readonly string[] = [...SCENARIOS.map(({ name }) => name), FEATURES_SCENARIO, PROCESS_SCENARIO];
const QUICK_BUDGET_SECONDS = 105;

/** What `--help` prints. */
export const USAGE = `bun run bench [options]   compares the gateway with nginx and with bare proxies on Bun, in one run
bun run bench soak | abuse | guard | chart   see their own --help

  --quick             the shorter list of loads, three short repeats, fewer on a slow machine: under two minutes
  --only a,b          only these loads and targets (direct is the ceiling of generator and mock)
  --target name=url   compare with a server that is up already; url as far as /v1, http://host:port/v1#pid measures that
                      process. Its OpenAI provider must be the mock, see --mock-port. May be given more than once
  --mock-port N       port of the mock upstream, for --target; any free one by default
  --repeats N         how often each load is run against each target, in turn (default 5, quick 3)
  --seconds N         length of one run (default 2, quick 0.3)
  --streams N         streams held open for the memory figures (default 1000, quick 500)
  --json FILE         write every run and the summary as JSON too

Loads:   ${LOAD_NAMES.join(" ")}
Targets: ${OWN_TARGETS.map((target) => target.name).join(" ")}`;

function positive(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} ${text}: must be a number above 0`);
  return value;
}

/**
 * Reads the command line.
 * @returns `undefined` where the user asked for help
 * @throws Error with a message for the user where something is unknown or out of range
 */
export function parseOptions(commandLine: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...commandLine],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      target: { type: "string", multiple: true, default: [] },
      "mock-port": { type: "string" },
      repeats: { type: "string" },
      seconds: { type: "string" },
      streams: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const allTargets = [...OWN_TARGETS, ...values.target.map(parseTarget)];
  const only = new Set(values.only.split(",").filter((name) => name !== ""));
  const scenarioNames = new Set(LOAD_NAMES);
  const targetNames = new Set(allTargets.map((target) => target.name));
  for (const name of only) {
    if (!scenarioNames.has(name) && !targetNames.has(name)) {
      throw new Error(
        `--only ${name}: no such load or target; there are ${[...scenarioNames, ...targetNames].join(" ")}`,
      );
    }
  }
  const anyScenario = only.isDisjointFrom(scenarioNames);
  const anyTarget = only.isDisjointFrom(targetNames);
  return {
    quick: values.quick,
    scenarios: SCENARIOS.filter(({ name, quick }) => (anyScenario ? quick || !values.quick : only.has(name))),
    measureFeatures: anyScenario ? anyTarget : only.has(FEATURES_SCENARIO),
    measureProcess: anyScenario || only.has(PROCESS_SCENARIO),
    targets: allTargets.filter(({ name }) => anyTarget || only.has(name)),
    repeats: Math.ceil(positive("repeats", values.repeats, values.quick ? 3 : 5)),
    seconds: positive("seconds", values.seconds, values.quick ? 0.3 : 2),
    openStreams: Math.ceil(positive("streams", values.streams, values.quick ? 500 : 1000)),
    budgetSeconds: values.quick ? QUICK_BUDGET_SECONDS : Infinity,
    mockPort: positive("mock-port", values["mock-port"], 0),
    jsonFile: values.json,
  };
}
