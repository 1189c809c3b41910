import { join } from "node:path";
import { parseArgs } from "node:util";
import { positive } from "../command.ts";
import { FURTHER_TARGETS, OWN_TARGETS } from "../targets/own-targets.ts";
import { readTargets } from "../targets/targets-file.ts";
import { SCENARIOS } from "./scenarios.ts";

const QUICK_SECONDS = 105;
const LOADS = new Set([...SCENARIOS.map(({ name }) => name), "features", "process"]);

/** What a command measures unless `--only` says otherwise. */
export interface Preset {
  readonly loads: readonly string[];
  readonly targets?: readonly string[];
  readonly file?: string;
}
export const FEATURES_ONLY: Preset = { loads: ["features"], targets: [] };
/** The rows of the table that gateways are compared by, and what takes part beside those of the file. */
export const COMPARED: Preset = {
  loads: ["rate-300", "alone", "chat-0.2k", "chat-32k", "chat-128k", "paced-100", "paced-1000", "burst"],
  targets: ["direct", "nginx", "bare", "gateway", "binary"],
  file: join(import.meta.dir, "..", "targets", "others.yaml"),
};

/** What `--help` prints. */
export const USAGE = `bun run bench [options]   compares the gateway with nginx and with bare proxies on Bun, in one run
bun run bench compare [options]    with other gateways, those of bench/targets/others.yaml that are installed, or of --targets
bun run bench features [options]   only what each feature costs: --only features
bun run bench abuse | chaos | guard | soak | tables | workers   see their own --help

  --quick             the shorter list of loads, three short repeats, fewer on a slow machine: under two minutes
  --only a,b          only these loads and targets (direct is the ceiling of generator and mock)
  --targets FILE      other gateways that take part, see bench/README.md
  --mock-port N       port of the mock provider, for targets that are up already; any free one by default
  --repeats N         how often each load is run against each target, in turn (default 5, quick 3)
  --seconds N         length of one run (default 2, quick 0.3)
  --streams N         streams held open for the memory figures (default 1000, quick 500)
  --json FILE         write every run and the summary as JSON too

Loads:   ${[...LOADS].join(" ")}
Targets: ${[...OWN_TARGETS, ...FURTHER_TARGETS].map(({ name }) => name).join(" ")}`;

/**
 * Reads the command line.
 * @throws Error with a message for the user if something is unknown or out of range
 */
export function parseOptions(commandLine: readonly string[], preset?: Preset) {
  const { values } = parseArgs({
    args: [...commandLine],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      targets: { type: "string" },
      "mock-port": { type: "string" },
      repeats: { type: "string" },
      seconds: { type: "string" },
      streams: { type: "string" },
      json: { type: "string" },
    },
  });
  const { quick, targets: file = preset?.file } = values;
  const own = [...OWN_TARGETS, ...FURTHER_TARGETS];
  const others =
    file === undefined
      ? []
      : readTargets(
          file,
          own.map(({ name }) => name),
        );
  const targetNames = new Set([...own, ...others].map(({ name }) => name));
  const only = new Set(values.only.split(",").filter((name) => name !== ""));
  const [unknown] = only.difference(LOADS).difference(targetNames);
  if (unknown !== undefined) {
    throw new Error(`--only ${unknown}: no such load or target; there are ${[...LOADS, ...targetNames].join(" ")}`);
  }
  const namesLoads = !only.isDisjointFrom(LOADS);
  const namesTargets = !only.isDisjointFrom(targetNames);
  const loads = new Set(namesLoads ? only : (preset?.loads ?? usualLoads(quick, namesTargets)));
  const usual = [...(preset?.targets ?? OWN_TARGETS.map(({ name }) => name)), ...others.map(({ name }) => name)];
  const chosen = new Set(namesTargets ? only : usual);
  const mockPort = values["mock-port"];
  const seconds = positive("seconds", values.seconds ?? (quick ? "0.3" : "2"));
  return {
    scenarios: SCENARIOS.filter(({ name }) => loads.has(name)),
    /** Whether the gateway's features are compared one by one. */
    measureFeatures: loads.has("features"),
    /** Whether start-up time and memory are measured too. */
    measureProcess: loads.has("process"),
    targets: [...own, ...others].filter(({ name }) => chosen.has(name)),
    repeats: Math.ceil(positive("repeats", values.repeats ?? (quick ? "3" : "5"))),
    /** Length of one run. */
    seconds,
    isBrief: seconds < 1,
    openStreams: Math.ceil(positive("streams", values.streams ?? (quick ? "500" : "1000"))),
    /** Seconds after which no further repeat is begun. */
    limitSeconds: quick ? QUICK_SECONDS : Infinity,
    mockPort: mockPort === undefined ? 0 : positive("mock-port", mockPort),
    jsonFile: values.json,
  };
}
export type Options = ReturnType<typeof parseOptions>;

/** All of them; features only if no target is named. */
function usualLoads(quick: boolean, namesTargets: boolean): readonly string[] {
  const left = new Set(namesTargets ? ["features"] : []);
  if (quick) for (const scenario of SCENARIOS) if (!scenario.quick) left.add(scenario.name);
  return [...LOADS].filter((name) => !left.has(name));
}
