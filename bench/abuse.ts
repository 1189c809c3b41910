import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { abusiveRequests, drawManner, misbehave } from "./abuse-client.ts";
import { type AbuseRecord, type AbuseRest, type HealthyRequest, judgeAbuse } from "./abuse-judge.ts";
import { sendSteadily } from "./abuse-healthy.ts";
import { type HostileProvider, startHostileProvider } from "./abuse-hostile.ts";
import { end } from "./children.ts";
import { countSockets } from "./count-sockets.ts";
import { gatewayTarget, SOURCE } from "./gateway-target.ts";
import { readTurns, startWatch, withProbe } from "./heap-counts.ts";
import { launch, type Running } from "./launch.ts";
import { measureTree, processTree } from "./process-tree.ts";
import { createRandom, type Random } from "./random.ts";
import { createSoakClient } from "./soak-client.ts";
import { type SoakProvider, startSoakProvider } from "./soak-provider.ts";
import { percentile } from "./statistics.ts";
import { figure, mebibytes, table } from "./table.ts";
import { OWN_TARGETS, type Rig, rigWithout } from "./targets.ts";

const USAGE = `bun run bench abuse [options]   has clients and providers attack a gateway, while one client does nothing wrong

  --minutes N   length of the abuse after its warm-ups (default 20); a fifth of it is against two workers, which are killed
  --clients N   clients that misbehave at once (default 8)
  --seed N      of what is done by whom; a new one by default, which is printed
  --json FILE   write everything that was seen as JSON`;

const SETTINGS = {
  LOG_LEVEL: "info",
  CLIENT_CONNECT_TIMEOUT: "2s",
  CLIENT_RESPONSE_HEADER_TIMEOUT: "2s",
  CLIENT_TIMEOUT: "4s",
  CLIENT_STREAM_IDLE_TIMEOUT: "2s",
  CUSTOM_PROVIDERS: "side",
  ANTHROPIC_API_KEY: "sk-abuse",
} as const;
const LONGEST_REST_SECONDS = 60;
const REST_POLL_MILLISECONDS = 500;
const CALM_POLLS = 5;
const GROWTH_AT_REST_BYTES = 20 * 1048576;
/** How much longer than the abuse an exchange may last. */
const LAST_MILLISECONDS = 2000;
const DRAIN_MILLISECONDS = 10_000;

interface Phase {
  readonly name: string;
  readonly seconds: number;
  readonly workers: number;
  readonly clients: number;
}

interface Stage {
  readonly random: Random;
  readonly requests: readonly Uint8Array[];
  readonly hostile: HostileProvider;
  readonly rig: Rig;
  readonly side: SoakProvider;
  readonly control: Running;
}

/** Kills one of the processes that a gateway has started. */
function killWorker(pid: number, random: Random): void {
  const workers = processTree(pid).filter((other) => other !== pid);
  if (workers.length > 0) process.kill(random.pick(workers), "SIGKILL");
}

/** Has everybody misbehave for so long. Resolves with the number of exchanges when the last has ended. */
async function abuse({ random, requests, hostile }: Stage, running: Running, phase: Phase, seconds: number) {
  const port = Number(new URL(running.chatUrl).port);
  const until = performance.now() + seconds * 1000;
  let abuses = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      abuses += 1;
      await misbehave(port, random.pick(requests), drawManner(random), until + LAST_MILLISECONDS - performance.now());
    }
  };
  const disturb = async (): Promise<void> => {
    while (performance.now() < until) {
      await Bun.sleep(Math.min(2000 + random.below(8000), Math.max(0, until - performance.now())));
      if (phase.workers > 1) killWorker(running.pid ?? 0, random);
      await hostile.disturb(random);
    }
  };
  await Promise.all([disturb(), ...Array.from({ length: phase.clients }, client)]);
  return abuses;
}

/** Waits until the gateway is as it was, or for so many seconds: what it gives back, it gives back when nothing is asked of it. */
async function rest(pid: number, seconds: number, before?: AbuseRest): Promise<AbuseRest> {
  const look = (): AbuseRest => ({ residentBytes: measureTree(pid).residentBytes ?? 0, sockets: countSockets(pid) });
  const until = performance.now() + seconds * 1000;
  let last = look();
  for (let calm = 0; performance.now() < until;) {
    await Bun.sleep(REST_POLL_MILLISECONDS);
    const now = look();
    const isBack =
      before === undefined ||
      (now.sockets <= before.sockets && now.residentBytes <= before.residentBytes + GROWTH_AT_REST_BYTES);
    calm = now.sockets === last.sockets && isBack ? calm + 1 : 0;
    last = now;
    if (calm >= CALM_POLLS) break;
  }
  return last;
}

async function runPhase(stage: Stage, phase: Phase): Promise<AbuseRecord> {
  const { rig, side, hostile, control } = stage;
  const usual = gatewayTarget("gateway", SOURCE, {
    settings: () => ({
      ...SETTINGS,
      SIDE_API_URL: `${side.origin}/v1`,
      ANTHROPIC_API_URL: `${rig.mockOrigin}/v1`,
      SERVER_WORKERS: String(phase.workers),
    }),
  });
  // Of several processes only one could have the probe's socket.
  const isWatched = phase.workers === 1;
  const running = await launch(isWatched ? withProbe(usual, true) : usual, rig);
  const pid = running.pid ?? 0;
  const load = async (seconds: number) => {
    const mayRetry = phase.workers > 1;
    const healthy = sendSteadily(createSoakClient(running.chatUrl, "side"), pid, mayRetry);
    const bare = sendSteadily(createSoakClient(control.chatUrl), control.pid ?? 0, true);
    const abuses = await abuse(stage, running, phase, seconds);
    const [{ chat: chats, stream: streams }, { chat }] = await Promise.all([healthy.stop(), bare.stop()]);
    return { abuses, chats, streams, control: chat };
  };
  /** At rest, with every connection to a provider closed by it. */
  const atRest = async (compared?: AbuseRest): Promise<AbuseRest> => {
    await hostile.restart();
    side.closeIdle();
    return rest(pid, Math.min(LONGEST_REST_SECONDS, 5 + phase.seconds), compared);
  };
  await load(Math.max(2, phase.seconds / 5));
  const before = await atRest();
  if (isWatched) await startWatch(running.target, running.chatUrl, rig);
  const loaded = await load(phase.seconds);
  const longestTurnMs = isWatched ? (await readTurns(running.target, running.chatUrl, rig)).longestTurnMs : undefined;
  const after = await atRest(before);
  return { name: phase.name, ...loaded, longestTurnMs, before, after, exitCode: await end(pid, DRAIN_MILLISECONDS) };
}

const sorted = (requests: readonly HealthyRequest[]): Float64Array =>
  Float64Array.from(requests, ({ milliseconds }) => milliseconds).sort();
const slowest = (requests: readonly HealthyRequest[], share: number): string =>
  figure(percentile(sorted(requests), share), 1);

function tableOf(records: readonly AbuseRecord[]): string {
  return table(records, [
    ["against", ({ name }) => name],
    ["abuses", ({ abuses }) => String(abuses)],
    ["healthy", ({ chats, streams }) => String(chats.length + streams.length)],
    ["p50 ms", ({ chats }) => slowest(chats, 0.5)],
    ["p99 ms", ({ chats }) => slowest(chats, 0.99)],
    ["max ms", ({ chats }) => slowest(chats, 1)],
    ["bare p50", ({ control }) => slowest(control, 0.5)],
    ["bare p99", ({ control }) => slowest(control, 0.99)],
    ["bare max", ({ control }) => slowest(control, 1)],
    ["turn ms", ({ longestTurnMs }) => figure(longestTurnMs, 0)],
    ["MiB before", ({ before }) => mebibytes(before.residentBytes)],
    ["after", ({ after }) => mebibytes(after.residentBytes)],
    ["sockets", ({ before, after }) => `${before.sockets}/${after.sockets}`],
  ]);
}

/**
 * Runs the abuse, judges and prints.
 * @param commandLine arguments after `abuse`
 * @returns exit code of the process: 1 where a bound was broken
 */
export async function runAbuse(commandLine: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...commandLine],
    options: {
      minutes: { type: "string", default: "20" },
      clients: { type: "string", default: "8" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const [seconds, clients, seed] = [Number(values.minutes) * 60, Number(values.clients), Number(values.seed)];
  if (!(seconds > 0 && clients > 0 && seed >= 0)) throw new Error("--minutes, --clients and --seed must be numbers");
  console.log(`seed ${seed}, ${values.minutes} minutes, ${clients} clients that misbehave`);

  const directory = mkdtempSync(join(tmpdir(), "gateway-abuse-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  const side = startSoakProvider();
  const hostile = await startHostileProvider(seed);
  const bare = OWN_TARGETS.find(({ name }) => name === "bare");
  if (bare === undefined) throw new Error("the bench has no bare proxy");
  const stage: Stage = {
    random: createRandom(seed),
    requests: abusiveRequests(),
    hostile,
    rig: rigWithout(hostile.origin, directory),
    side,
    control: await launch(bare, rigWithout(side.origin, directory)),
  };
  const records = [
    await runPhase(stage, { name: "one process", seconds: seconds * 0.8, workers: 1, clients }),
    await runPhase(stage, { name: "two workers", seconds: seconds * 0.2, workers: 2, clients }),
  ];
  await Promise.all([hostile.stop(), end(stage.control.pid ?? 0)]);
  side.stop();

  console.log(tableOf(records));
  const findings = records.flatMap(judgeAbuse);
  for (const { holds, text } of findings) console.log(`${holds ? "ok    " : "FAILED"} ${text}`);
  if (values.json !== undefined)
    await Bun.write(values.json, `${JSON.stringify({ seed, records, findings }, null, 2)}\n`);
  return findings.every(({ holds }) => holds) ? 0 : 1;
}
