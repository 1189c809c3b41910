/**
 * What a second worker brings: requests per second of the gateway with one worker and with several, in one run, in turn.
 *
 *   bun bench/workers.ts [--workers 2] [--seconds 2] [--repeats 5] [--binary] [--require 0.9]
 *
 * Three loads. `chat`: small chat completions through the mock upstream, where generator and mock take their share of the
 * same cores, so that the machine and not the gateway may be the limit. `cpu`: large requests that the gateway reads,
 * parses, checks and refuses by itself, which cost this program next to nothing to send. `machine`: the like of it without any
 * gateway, in processes that share nothing: more than they gain cannot be had, and cores that are threads of one gain little.
 * `--require` ends with code 1 where the `cpu` load gained less than that share of what the machine gains, which is nine tenths
 * where two workers do 1.8 times the work of one on two cores of their own. The gain counts only pairs of runs in which the
 * rest of the machine was quiet, and is `-` where there were none.
 */
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { end } from "./children.ts";
import { BINARY, gatewayTarget, SOURCE } from "./gateway-target.ts";
import { connect, postRequest } from "./http-connection.ts";
import { launch, type Running } from "./launch.ts";
import { othersShare, readMachineTicks } from "./machine.ts";
import { measureTree } from "./process-tree.ts";
import { type RunningRig, startRig } from "./rig.ts";
import { median } from "./statistics.ts";
import { figure, percentage, table } from "./table.ts";

const CONNECTIONS = 24;
const MESSAGES = 3000;
const MOST_OTHERS = 0.1;
const LOADS = ["chat", "cpu", "machine"] as const;
type Load = (typeof LOADS)[number];

interface Sample {
  readonly load: Load;
  readonly workers: number;
  readonly perSecond: number;
  /** Cores that the gateway's processes kept busy. */
  readonly cores: number | undefined;
  /** Cores that generator and mock kept busy. */
  readonly rigCores: number | undefined;
  /** Share of the whole machine that others kept busy. */
  readonly others: number | undefined;
}

/** A request whose last message is wrong: all of it has to be read, parsed and checked to find that out. */
function refusedBody(): Uint8Array {
  const message = { role: "user", content: "Summarise the incident of last night." };
  const messages = [...Array.from({ length: MESSAGES }, () => message), { ...message, role: "robot" }];
  return new TextEncoder().encode(JSON.stringify({ model: "openai/gpt-4o-mini", messages }));
}

const refused = refusedBody();

/** Sends refused requests over and over from this process. Returns how many were answered in how many seconds. */
async function sendRefused(
  chatUrl: string,
  seconds: number,
): Promise<{ readonly requests: number; readonly seconds: number }> {
  const url = new URL(chatUrl);
  const request = postRequest(url, refused);
  const until = performance.now() + seconds * 1000;
  let requests = 0;
  const client = async (): Promise<void> => {
    const connection = await connect(url.hostname, Number(url.port));
    while (performance.now() < until) {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      connection.send(request, { body() {}, done: resolve, failed: (reason) => reject(new Error(reason)) });
      const status = await promise;
      if (status !== 400) throw new Error(`status ${status} where 400 was expected`);
      // What is answered after the time is up came from one worker, while the other had nothing left to do.
      if (performance.now() < until) requests += 1;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  return { requests, seconds };
}

async function sendChat(rig: RunningRig, url: string, seconds: number) {
  const plan = { loop: "closed", answer: "json", bodyBytes: 200, connections: CONNECTIONS, rate: 0 } as const;
  const answer = await rig.command({
    kind: "run",
    url,
    plan: { ...plan, seconds, requests: 1_000_000 },
    credentials: [],
  });
  if (answer.kind !== "result") throw new Error(`the load generator answered ${answer.kind}`);
  if (answer.result.errors > 0) throw new Error(`chat failed: ${answer.result.reasons.join("; ")}`);
  return answer.result;
}

/** Runs as many processes at once as there are workers, each with work of its own and nobody to share it with. */
async function keepBusy(processes: number, seconds: number): Promise<Sample> {
  const before = readMachineTicks();
  const beganAt = performance.now();
  const children = Array.from({ length: processes }, () =>
    Bun.spawn([process.execPath, join(import.meta.dir, "busy.ts")], {
      stdin: refused,
      stdout: "pipe",
      stderr: "inherit",
      env: { ...process.env, SECONDS: String(seconds) },
    }),
  );
  const counts = await Promise.all(children.map(({ stdout }) => new Response(stdout).text()));
  await Promise.all(children.map(({ exited }) => exited));
  const elapsed = (performance.now() - beganAt) / 1000;
  const used = children.reduce((sum, child) => sum + Number(child.resourceUsage()?.cpuTime.total ?? 0), 0);
  return {
    load: "machine",
    workers: processes,
    perSecond: counts.reduce((sum, count) => sum + Number(count), 0) / seconds,
    cores: used / 1e6 / elapsed,
    rigCores: 0,
    others: othersShare(before, readMachineTicks(), used, cpus().length, elapsed),
  };
}

const cpuOf = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + (measureTree(pid).cpuMicroseconds ?? 0), 0);

async function measure(
  rig: RunningRig,
  running: Running,
  load: "chat" | "cpu",
  workers: number,
  seconds: number,
): Promise<Sample> {
  // The generator and the mock are children of this process, so they are not to be counted with it a second time.
  const ownBefore = process.cpuUsage();
  const gatewayPids = running.pid === undefined ? [] : [running.pid];
  const rigPids = [rig.loadPid, rig.mockPid];
  const before = [cpuOf(gatewayPids), cpuOf(rigPids), readMachineTicks()] as const;
  const beganAt = performance.now();
  const result = await (load === "cpu"
    ? sendRefused(running.chatUrl, seconds)
    : sendChat(rig, running.chatUrl, seconds));
  const elapsed = (performance.now() - beganAt) / 1000;
  const own = process.cpuUsage(ownBefore);
  const gateway = cpuOf(gatewayPids) - before[0];
  const rigCpu = cpuOf(rigPids) - before[1] + own.user + own.system;
  return {
    load,
    workers,
    perSecond: result.requests / result.seconds,
    cores: gateway / 1e6 / elapsed,
    rigCores: rigCpu / 1e6 / elapsed,
    others: othersShare(before[2], readMachineTicks(), gateway + rigCpu, cpus().length, elapsed),
  };
}

interface Row {
  readonly load: Load;
  readonly workers: number;
  readonly perSecond: number | undefined;
  readonly gain: number | undefined;
  readonly cores: number | undefined;
  readonly rigCores: number | undefined;
  readonly others: number | undefined;
}

function gainOver(alone: Sample | undefined, row: Sample): number | undefined {
  if (alone === undefined || Math.max(alone.others ?? 0, row.others ?? 0) > MOST_OTHERS) return undefined;
  return row.perSecond / alone.perSecond;
}

/** Medians of each load with each number of workers; the gain is the median of the ratios of runs next to each other. */
function summarise(samples: readonly Sample[], counts: readonly number[]): Row[] {
  const of = (load: Load, workers: number) => samples.filter((one) => one.load === load && one.workers === workers);
  return LOADS.flatMap((load) =>
    counts.map((workers) => {
      const rows = of(load, workers);
      const alone = of(load, 1);
      return {
        load,
        workers,
        perSecond: median(rows.map(({ perSecond }) => perSecond)),
        gain: median(rows.map((row, index) => gainOver(alone[index], row))),
        cores: median(rows.map(({ cores }) => cores)),
        rigCores: median(rows.map(({ rigCores }) => rigCores)),
        others: median(rows.map(({ others }) => others)),
      };
    }),
  );
}

async function bench(): Promise<number> {
  const { values } = parseArgs({
    options: {
      workers: { type: "string", default: "2" },
      seconds: { type: "string", default: "2" },
      repeats: { type: "string", default: "5" },
      binary: { type: "boolean", default: false },
      require: { type: "string" },
    },
  });
  const counts = [1, Number(values.workers)] as const;
  const rig = await startRig(0);
  const running = new Map<number, Running>();
  for (const workers of counts) {
    const settings = (): Record<string, string> => ({ SERVER_WORKERS: String(workers) });
    const target = gatewayTarget(`workers-${workers}`, values.binary ? BINARY : SOURCE, { settings });
    running.set(workers, await launch(target, rig));
  }
  const samples: Sample[] = [];
  // The first round brings the code to the state that it has after some minutes of use.
  for (let round = 0; round <= Number(values.repeats); round += 1) {
    process.stderr.write(round === 0 ? "warming up\n" : `repeat ${round} of ${values.repeats}\n`);
    for (const load of LOADS) {
      for (const [workers, target] of running) {
        const seconds = Number(values.seconds);
        const sample = await (load === "machine"
          ? keepBusy(workers, seconds)
          : measure(rig, target, load, workers, seconds));
        if (round > 0) samples.push(sample);
      }
    }
  }
  for (const { pid } of running.values()) if (pid !== undefined) await end(pid);
  await rig.close();

  const rows = summarise(samples, counts);
  console.log(
    table(rows, [
      ["load", ({ load }) => load],
      ["workers", ({ workers }) => String(workers)],
      ["requests/s", ({ perSecond }) => figure(perSecond, 0)],
      ["gain", ({ gain }) => figure(gain, 2, "x")],
      ["gateway, cores", ({ cores }) => figure(cores, 2)],
      ["rig, cores", ({ rigCores }) => figure(rigCores, 2)],
      ["others, of machine", ({ others }) => percentage(others)],
    ]),
  );
  const gainOf = (wanted: Load) => rows.find(({ load, workers }) => load === wanted && workers !== 1)?.gain;
  const share = (gainOf("cpu") ?? 0) / (gainOf("machine") ?? Number.POSITIVE_INFINITY);
  console.log(`\nOf what the machine gains, the gateway's own work gains ${percentage(share)}.`);
  return values.require !== undefined && share < Number(values.require) ? 1 : 0;
}

process.exit(await bench());
