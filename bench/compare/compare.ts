import { arch, cpus, platform } from "node:os";
import { type Command, messageOf } from "../command.ts";
import { measureProcess, type ProcessSample } from "../measure/process-sample.ts";
import { measureLoad, type Sample, warmUp } from "../measure/sample.ts";
import { writeJson } from "../report/table.ts";
import { describeResult, reportFailures } from "../report/tables.ts";
import { endAll, launch, type Running } from "../targets/launch.ts";
import { type Rig, startRig } from "../targets/rig.ts";
import type { Target } from "../targets/target.ts";
import { startFeatureTargets } from "./features.ts";
import { COMPARED, FEATURES_ONLY, type Options, parseOptions, type Preset, USAGE } from "./options.ts";
import { FEATURE_SCENARIOS, type Scenario } from "./scenarios.ts";
import { summariseFeatures, summariseLoad, summariseProcess } from "./summary.ts";

/** Shares of the time after which loads and features are not repeated any more. */
const SHARES = { loads: 0.55, features: 0.8 } as const;
const VERSION_MS = 30_000;
const elapsed = (): number => performance.now() / 1000;
const progress = (text: string): void => void process.stderr.write(`${text}\n`);

/** Does something for one target, without which the others go on if it fails. */
async function attempt<T>(what: string, act: () => Promise<T>): Promise<T[]> {
  try {
    return [await act()];
  } catch (error) {
    progress(`! ${what}: ${messageOf(error)}`);
    return [];
  }
}

/** Repeats up to so many times; after the first, none is begun that would end after so many seconds of this process. */
async function repeat(times: number, limitSeconds: number, act: (index: number) => Promise<void>): Promise<void> {
  for (let index = 0, last = 0; index < times && (index === 0 || elapsed() + last < limitSeconds); index += 1) {
    const beganAt = elapsed();
    progress(`  repeat ${index + 1} of ${times}`);
    await act(index);
    last = elapsed() - beganAt;
  }
}

async function startTargets(rig: Rig, targets: readonly Target[], loads: Omit<Loads, "repeats">): Promise<Running[]> {
  const running: Running[] = [];
  const plans = loads.scenarios.map(({ plan }) => ({ ...plan, seconds: loads.seconds }));
  for (const target of targets) {
    const start = async (): Promise<Running> => {
      const started = await launch(target, rig);
      const failures = await warmUp(rig, started, plans, loads.isBrief);
      if (failures.size > 0) progress(`! ${target.name}: failures while warming up: ${[...failures].join("; ")}`);
      return started;
    };
    running.push(...(await attempt(`${target.name}: left out`, start)));
  }
  return running;
}

interface Loads {
  readonly scenarios: readonly Scenario[];
  readonly seconds: number;
  readonly isBrief: boolean;
  readonly repeats: number;
  readonly limitSeconds: number;
}

async function measureLoads(rig: Rig, running: readonly Running[], loads: Loads): Promise<Sample[]> {
  const samples: Sample[] = [];
  await repeat(loads.repeats, loads.limitSeconds, async (index) => {
    for (const { name, plan } of loads.scenarios) {
      // Each repeat begins with another target, so that none always runs in the wake of the same neighbour.
      const turn = index % Math.max(1, running.length);
      for (const target of [...running.slice(turn), ...running.slice(0, turn)]) {
        const measure = () => measureLoad(rig, target, name, { ...plan, seconds: loads.seconds }, index + 1);
        samples.push(...(await attempt(`${name} ${target.target.name}`, measure)));
      }
    }
  });
  return samples;
}

async function measureFeatures(rig: Rig, { seconds, isBrief, repeats, limitSeconds }: Options): Promise<Sample[]> {
  progress("features");
  await using features = await startFeatureTargets();
  // Differences are small here: many short runs, near each other in time, tell them better than a few long ones.
  const many = { seconds: seconds / 2, repeats: repeats * 2, limitSeconds: limitSeconds * SHARES.features };
  const loads = { scenarios: FEATURE_SCENARIOS, isBrief, ...many };
  const running = await startTargets(rig, features.targets, loads);
  const samples = await measureLoads(rig, running, loads);
  await endAll(running);
  return samples;
}

async function measureProcesses(rig: Rig, targets: readonly Target[], options: Options): Promise<ProcessSample[]> {
  const samples: ProcessSample[] = [];
  progress("starts and memory");
  await repeat(options.repeats, options.limitSeconds, async (index) => {
    for (const target of targets.filter(({ start }) => start !== undefined)) {
      // Memory varies little from start to start and takes seconds to measure.
      const measure = () => measureProcess(rig, target, index === 0 ? options.openStreams : 0);
      samples.push(...(await attempt(target.name, measure)));
    }
  });
  return samples;
}

/** What a target's own command says is its version. */
function versionOf({ version: [program, ...args] = [] }: Target): string {
  if (program === undefined) return "";
  const { stdout, stderr } = Bun.spawnSync([program, ...args], { stdin: "ignore", timeout: VERSION_MS });
  return /\d+\.\d+\.\d+[\w.+-]*/.exec(`${stdout}${stderr}`)?.[0] ?? "";
}

/** Measures what the options ask for. */
async function measure(options: Options, machine: string) {
  const { scenarios, seconds, isBrief, repeats, openStreams, limitSeconds } = options;
  const rig = await startRig(options.mockPort);
  progress(`${machine}; mock at ${rig.mockOrigin}`);
  const needsTargets = scenarios.length > 0 || options.measureProcess;
  const running = needsTargets ? await startTargets(rig, options.targets, options) : [];
  if (needsTargets && running.length === 0) throw new Error("no target could be started");
  const limits = { repeats: scenarios.length > 0 ? repeats : 0, limitSeconds: limitSeconds * SHARES.loads };
  const loaded = await measureLoads(rig, running, { scenarios, seconds, isBrief, ...limits });
  await endAll(running);
  const targets = running.map(({ target }) => target);
  const featured = options.measureFeatures ? await measureFeatures(rig, options) : [];
  const starts = options.measureProcess ? await measureProcesses(rig, targets, options) : [];
  await rig.close();

  const names = targets.map(({ name }) => name);
  const samples = [...loaded, ...featured];
  const summary = {
    loads: scenarios.flatMap((scenario) => summariseLoad(scenario, names, loaded)),
    features: summariseFeatures(FEATURE_SCENARIOS, featured),
    processes: summariseProcess(targets, starts),
  };
  const done = Math.max(0, ...samples.map((sample) => sample.repeat));
  const versions = Object.fromEntries(targets.map((target) => [target.name, versionOf(target)]));
  const date = new Date().toISOString().slice(0, 10);
  return { machine, date, versions, settings: { repeats: done, seconds, openStreams }, summary, samples, starts };
}

/** A comparison, which prints what it comes to, and writes the JSON file if one is named. */
const comparison =
  (preset?: Preset): Command =>
  async (commandLine) => {
    if (commandLine.includes("--help")) {
      console.log(USAGE);
      return 0;
    }
    const options = parseOptions(commandLine, preset);
    const machine = `${cpus()[0]?.model ?? "unknown CPU"}, ${cpus().length} cores, ${platform()} ${arch()}, Bun ${Bun.version}`;
    const result = await measure(options, machine);
    const failures = reportFailures([...result.summary.loads, ...result.summary.features]);
    console.log([describeResult(result), ...failures, `${elapsed().toFixed(0)} s in all`].join("\n\n"));
    await writeJson(options.jsonFile, result);
    return 0;
  };

/** Everything, or what `--only` names. */
export const everything = comparison();
/** With other gateways. */
export const compare = comparison(COMPARED);
/** Of the gateway's features only. */
export const features = comparison(FEATURES_ONLY);
