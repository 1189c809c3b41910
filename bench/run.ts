/** Compares what the gateway costs with what nginx and bare proxies on Bun cost, interleaved in one run. See `--help`. */
import { arch, cpus, platform, release } from "node:os";
import { end } from "./children.ts";
import { measureLoad, measureProcess, warmUp } from "./measure.ts";
import type { ProcessSample, Sample } from "./measure.ts";
import { parseOptions, USAGE } from "./options.ts";
import type { Options } from "./options.ts";
import { CAN_MEASURE } from "./process-tree.ts";
import { reportLoad, reportProcess } from "./report.ts";
import { startRig } from "./rig.ts";
import type { RunningRig } from "./rig.ts";
import { summariseLoad, summariseProcess } from "./summary.ts";
import { launch } from "./targets.ts";
import type { Running, Target } from "./targets.ts";

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function startTargets(rig: RunningRig, targets: readonly Target[]): Promise<Running[]> {
  const running: Running[] = [];
  for (const target of targets) {
    if (target.missing !== undefined) {
      progress(`- ${target.name}: left out, ${target.missing}`);
      continue;
    }
    try {
      const started = await launch(target, rig);
      const failures = await warmUp(rig, started);
      if (failures.length > 0) progress(`! ${target.name}: failures while warming up: ${failures.join("; ")}`);
      running.push(started);
    } catch (error) {
      progress(`! ${target.name}: left out, ${messageOf(error)}`);
    }
  }
  return running;
}

async function measureLoads(rig: RunningRig, running: readonly Running[], options: Options): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let repeat = 1; repeat <= options.repeats; repeat += 1) {
    progress(`repeat ${repeat} of ${options.repeats}`);
    for (const scenario of options.scenarios) {
      // Each repeat begins with another target, so that none always runs in the wake of the same neighbour.
      for (let index = 0; index < running.length; index += 1) {
        const target = running[(index + repeat) % running.length];
        if (target === undefined) continue;
        try {
          samples.push(await measureLoad(rig, target, scenario, options.seconds, repeat));
        } catch (error) {
          progress(`! ${scenario.name} ${target.target.name}: ${messageOf(error)}`);
        }
      }
    }
  }
  return samples;
}

async function measureProcesses(
  rig: RunningRig,
  targets: readonly Target[],
  options: Options,
): Promise<ProcessSample[]> {
  const samples: ProcessSample[] = [];
  for (let repeat = 0; repeat < options.repeats; repeat += 1) {
    progress(`starts and memory ${repeat + 1} of ${options.repeats}`);
    for (const target of targets) {
      if (target.start === undefined) continue;
      try {
        // Memory varies little from start to start and takes seconds to measure.
        samples.push(await measureProcess(rig, target, repeat === 0 ? options.openStreams : 0));
      } catch (error) {
        progress(`! ${target.name}: ${messageOf(error)}`);
      }
    }
  }
  return samples;
}

async function bench(options: Options): Promise<void> {
  const beganAt = performance.now();
  const rig = await startRig(options.mockPort);
  const machine = `${cpus()[0]?.model ?? "unknown CPU"}, ${cpus().length} cores, ${platform()} ${release()} ${arch()}, Bun ${Bun.version}`;
  progress(`${machine}; mock at ${rig.mockOrigin}`);
  if (!CAN_MEASURE)
    progress("CPU time and memory cannot be measured on this platform: they are read from Linux's /proc.");
  const running = await startTargets(rig, options.targets);
  if (running.length === 0) throw new Error("no target could be started");
  const samples = options.scenarios.length > 0 ? await measureLoads(rig, running, options) : [];
  for (const { target, pid } of running) if (target.start !== undefined && pid !== undefined) await end(pid);
  const targets = running.map(({ target }) => target);
  const starts = options.measureProcess ? await measureProcesses(rig, targets, options) : [];
  await rig.close();

  const names = targets.map(({ name }) => name);
  const loads = options.scenarios.map((scenario) => ({ scenario, rows: summariseLoad(scenario, names, samples) }));
  const processes = summariseProcess(targets, starts);
  console.log(
    `${machine}\nmedians of repeats: ${options.repeats} x ${options.seconds} s; CPU of the whole process tree\n`,
  );
  for (const { scenario, rows } of loads) console.log(reportLoad(scenario, rows));
  if (processes.length > 0) console.log(reportProcess(processes));
  console.log(`${((performance.now() - beganAt) / 1000).toFixed(0)} s in all`);
  if (options.jsonFile !== undefined) {
    const summary = { loads: loads.flatMap(({ rows }) => rows), processes };
    const { quick, repeats, seconds, openStreams } = options;
    const settings = { quick, repeats, seconds, openStreams };
    await Bun.write(options.jsonFile, `${JSON.stringify({ machine, settings, summary, samples, starts }, null, 2)}\n`);
  }
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) console.log(USAGE);
  else await bench(options);
  process.exit(0);
} catch (error) {
  console.error(messageOf(error));
  process.exit(1);
}
