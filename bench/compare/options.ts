import { parseArgs } from "node:util";
import { positive } from "../command.ts";
import { FURTHER_TARGETS, OWN_TARGETS } from "../targets/own-targets.ts";
import { parseTarget } from "../targets/target.ts";
import { SCENARIOS } from "./scenarios.ts";

const QUICK_SECONDS = 105;
const LOADS = new Set([...SCENARIOS.map(({ name }) => name), "features", "process"]);

/** What `--help` prints. */
export const USAGE = `bun run bench [options]   compares the gateway with nginx and with bare proxies on Bun, in one run
bun run bench features [options]   only what each feature costs: --only features
bun run bench workers [options]    only what a second worker brings: --only chat-0.2k,chat-128k,workers-1,workers-2
bun run bench abuse | chaos | guard | soak | tables   see their own --help

  --quick             the shorter list of loads, three short repeats, fewer on a slow machine: under two minutes
  --only a,b          only these loads and targets (direct is the ceiling of generator and mock)
  --target name=url   compare with a server that is up already; url as far as /v1, http://host:port/v1#pid measures that
                      process. Its OpenAI provider must be the mock, see --mock-port. May be given more than once
  --mock-port N       port of the mock provider, for --target; any free one by default
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
export function parseOptions(commandLine: readonly string[]) {
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
    },
  });
  const { quick } = values;
  const usual = [...OWN_TARGETS, ...values.target.map(parseTarget)];
  const targetNames = new Set([...usual, ...FURTHER_TARGETS].map(({ name }) => name));
  const only = new Set(values.only.split(",").filter((name) => name !== ""));
  const [unknown] = only.difference(LOADS).difference(targetNames);
  if (unknown !== undefined) {
    throw new Error(`--only ${unknown}: no such load or target; there are ${[...LOADS, ...targetNames].join(" ")}`);
  }
  const anyLoad = only.isDisjointFrom(LOADS);
  const anyTarget = only.isDisjointFrom(targetNames);
  const mockPort = values["mock-port"];
  return {
    scenarios: SCENARIOS.filter((one) => (anyLoad ? one.quick || !quick : only.has(one.name))),
    /** Whether the gateway's features are compared one by one. */
    measureFeatures: anyLoad ? anyTarget : only.has("features"),
    /** Whether start-up time and memory are measured too. */
    measureProcess: anyLoad || only.has("process"),
    targets: anyTarget ? usual : [...usual, ...FURTHER_TARGETS].filter(({ name }) => only.has(name)),
    repeats: Math.ceil(positive("repeats", values.repeats ?? (quick ? "3" : "5"))),
    /** Length of one run. */
    seconds: positive("seconds", values.seconds ?? (quick ? "0.3" : "2")),
    openStreams: Math.ceil(positive("streams", values.streams ?? (quick ? "500" : "1000"))),
    /** Seconds after which no further repeat is begun. */
    limitSeconds: quick ? QUICK_SECONDS : Infinity,
    mockPort: mockPort === undefined ? 0 : positive("mock-port", mockPort),
    jsonFile: values.json,
  };
}
export type Options = ReturnType<typeof parseOptions>;
