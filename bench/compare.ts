import { arch, cpus, platform } from "node:os";
import { type Budget, createBudget } from "./budget.ts";
import { end } from "./children.ts";
import { summariseFeatures } from "./feature-summary.ts";
import { FEATURES, featureTargets } from "./features.ts";
import { headroomOf } from "./headroom.ts";
import { launch, type Running } from "./launch.ts";
import type { LoadPlan } from "./load-plan.ts";
import { measureLoad, type Sample, WARM_UPS, warmUp } from "./measure-load.ts";
import { measureProcess, type ProcessSample } from "./measure-process.ts";
import type { Options } from "./options.ts";
import { summariseProcess } from "./process-summary.ts";
import { CAN_MEASURE } from "./process-tree.ts";
import { reportFeatures, reportHeadroom, reportLoad, reportProcess } from "./report.ts";
import type { BenchResult } from "./result.ts";
import { type RunningRig, startRig } from "./rig.ts";
import { FEATURE_SCENARIOS, type Scenario } from "./scenarios.ts";
import { summariseLoad } from "./summary.ts";
import type { Target } from "./targets.ts";

/** Shares of the time after which loads, features and starts are not repeated any more. */
const SHARES = { loads: 0.55, features: 0.8, processes: 1 } as const;

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The machine in a line, as far as figures depend on it. */
function describeMachine(): string {
  return `${cpus()[0]?.model ?? "unknown CPU"}, ${cpus().length} cores, ${platform()} ${arch()}, Bun ${Bun.version}`;
}

async function startTargets(
  rig: RunningRig,
  targets: readonly Target[],
  plans: readonly LoadPlan[],
): Promise<Running[]> {
  const running: Running[] = [];
  for (const target of targets) {
    if (target.missing !== undefined) {
      progress(`- ${target.name}: left out, ${target.missing}`);
      continue;
    }
    try {
      const started = await launch(target, rig);
      const failures = await warmUp(rig, started, plans);
      if (failures.length > 0) progress(`! ${target.name}: failures while warming up: ${failures.join("; ")}`);
      running.push(started);
    } catch (error) {
      progress(`! ${target.name}: left out, ${messageOf(error)}`);
    }
  }
  return running;
}

async function endTargets(running: readonly Running[]): Promise<void> {
  for (const { target, pid } of running) if (target.start !== undefined && pid !== undefined) await end(pid);
}

interface Loads {
  readonly scenarios: readonly Scenario[];
  /** Whether this target is measured under this load. */
  readonly wanted: (scenario: Scenario, target: string) => boolean;
  readonly seconds: number;
  readonly repeats: number;
  readonly share: number;
}

async function measureLoads(
  rig: RunningRig,
  running: readonly Running[],
  loads: Loads,
  budget: Budget,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  await budget.repeat(loads.repeats, loads.share, async (index) => {
    progress(`  repeat ${index + 1} of ${loads.repeats}`);
    for (const scenario of loads.scenarios) {
      const wanted = running.filter(({ target }) => loads.wanted(scenario, target.name));
      // Each repeat begins with another target, so that none always runs in the wake of the same neighbour.
      const turn = index % Math.max(1, wanted.length);
      for (const target of [...wanted.slice(turn), ...wanted.slice(0, turn)]) {
        try {
          samples.push(await measureLoad(rig, target, scenario, loads.seconds, index + 1));
        } catch (error) {
          progress(`! ${scenario.name} ${target.target.name}: ${messageOf(error)}`);
        }
      }
    }
  });
  return samples;
}

async function measureFeatures(rig: RunningRig, options: Options, budget: Budget): Promise<Sample[]> {
  progress("features");
  const running = await startTargets(rig, featureTargets(), WARM_UPS.small);
  const unstreamed = new Set(FEATURES.filter(({ streams }) => !streams).map(({ name }) => name));
  const loads: Loads = {
    scenarios: FEATURE_SCENARIOS,
    wanted: ({ unit }, target) => unit === "request" || !unstreamed.has(target),
    // Differences are small here: many short runs, near each other in time, tell them better than a few long ones.
    seconds: options.seconds / 2,
    repeats: options.repeats * 2,
    share: SHARES.features,
  };
  const samples = await measureLoads(rig, running, loads, budget);
  await endTargets(running);
  return samples;
}

async function measureProcesses(
  rig: RunningRig,
  targets: readonly Target[],
  options: Options,
  budget: Budget,
): Promise<ProcessSample[]> {
  const samples: ProcessSample[] = [];
  progress("starts and memory");
  await budget.repeat(options.repeats, SHARES.processes, async (index) => {
    for (const target of targets) {
      if (target.start === undefined) continue;
      try {
        // Memory varies little from start to start and takes seconds to measure.
        samples.push(await measureProcess(rig, target, index === 0 ? options.openStreams : 0));
      } catch (error) {
        progress(`! ${target.name}: ${messageOf(error)}`);
      }
    }
  });
  return samples;
}

/** Measures what the options ask for and prints it; writes the JSON file where one is named. */
export async function compare(options: Options): Promise<void> {
  const beganAt = performance.now();
  const elapsed = (): number => (performance.now() - beganAt) / 1000;
  const budget = createBudget(options.budgetSeconds, elapsed);
  const machine = describeMachine();
  const rig = await startRig(options.mockPort);
  progress(`${machine}; mock at ${rig.mockOrigin}`);
  if (!CAN_MEASURE)
    progress("CPU time and memory cannot be measured on this platform: they are read from Linux's /proc.");

  const { scenarios, seconds, repeats } = options;
  const needsTargets = scenarios.length > 0 || options.measureProcess;
  progress("targets");
  const running = needsTargets ? await startTargets(rig, options.targets, WARM_UPS.every) : [];
  if (needsTargets && running.length === 0) throw new Error("no target could be started");
  const always = { scenarios, seconds, repeats, share: SHARES.loads, wanted: () => true };
  const samples = scenarios.length > 0 ? await measureLoads(rig, running, always, budget) : [];
  await endTargets(running);
  const targets = running.map(({ target }) => target);
  const featureSamples = options.measureFeatures ? await measureFeatures(rig, options, budget) : [];
  const starts = options.measureProcess ? await measureProcesses(rig, targets, options, budget) : [];
  await rig.close();

  const names = targets.map(({ name }) => name);
  const loads = scenarios.map((scenario) => ({ scenario, rows: summariseLoad(scenario, names, samples) }));
  const features = summariseFeatures(FEATURE_SCENARIOS, featureSamples);
  const processes = summariseProcess(targets, starts);
  const headroom = loads.map(({ scenario, rows }) => headroomOf(scenario.name, rows));
  const done = Math.max(0, ...[...samples, ...featureSamples].map(({ repeat }) => repeat));
  console.log(`${machine}\nmedians of up to ${done} repeats of ${seconds} s; CPU time of the whole process tree\n`);
  for (const { scenario, rows } of loads) console.log(reportLoad(scenario, rows));
  if (features.length > 0) console.log(reportFeatures(features));
  if (processes.length > 0) console.log(reportProcess(processes));
  if (headroom.length > 0) console.log(reportHeadroom(headroom));
  console.log(`${elapsed().toFixed(0)} s in all`);
  if (options.jsonFile === undefined) return;
  const summary = { loads: loads.flatMap(({ rows }) => rows), features, processes, headroom };
  const settings = { quick: options.quick, repeats: done, seconds, openStreams: options.openStreams };
  const result: BenchResult = { machine, settings, summary, samples, featureSamples, starts };
  await Bun.write(options.jsonFile, `${JSON.stringify(result, null, 2)}\n`);
}
