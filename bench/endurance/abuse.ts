import { command } from "../command.ts";
import { abusiveRequests, drawManner, misbehave } from "../../test/abuse/hostile-client.ts";
import { processTree } from "../../test/fixtures/process-tree.ts";
import { createRandom, type Random } from "../../test/fixtures/random.ts";
import { figure, mebibytes, reportFindings, table, writeJson } from "../report/table.ts";
import { end, scratchDirectory } from "../targets/children.ts";
import { gatewayTarget, SHORT_DEADLINES } from "../targets/gateway.ts";
import { launch, type Running } from "../targets/launch.ts";
import { BARE } from "../targets/own-targets.ts";
import { type Provider, startProvider } from "../../test/fixtures/load-provider.ts";
import { MODELS } from "../../test/fixtures/load-provider-answers.ts";
import type { Ground } from "../targets/target.ts";
import { createSoakClient } from "./client.ts";
import { type HostileProvider, startHostileProvider } from "./hostile-provider.ts";
import { type AbuseRecord, judgeAbuse } from "./judge.ts";
import { runPhase } from "./phase.ts";
import { durations, type SteadyRequest, sendSteadily } from "./steady-requests.ts";

const USAGE = `bun run bench abuse [options]   has clients and providers attack a gateway, while one client does nothing wrong

  --minutes N   length of the abuse after its warm-ups (default 20); a fifth of it is against two workers, which are killed
  --clients N   clients that misbehave at once (default 8)
  --seed N      of what is done by whom; a new one by default, which is printed
  --json FILE   write everything that was seen as JSON`;

/** How much longer than the abuse an exchange may last. */
const LAST_MS = 2000;
/** Ten chats and a stream each second. */
const HEALTHY_RATE = 11;
const healthyKind = (index: number) => (index % HEALTHY_RATE === 0 ? "stream" : "chat");

/** All that takes part beside the gateway. */
interface Scene {
  readonly random: Random;
  readonly requests: readonly Uint8Array[];
  readonly hostile: HostileProvider;
  readonly ground: Ground;
  /** The provider of the client that does nothing wrong, and a bare proxy to it. */
  readonly side: Provider;
  readonly control: Running;
  /** How many clients misbehave at once. */
  readonly clients: number;
}

/** Has everybody misbehave for so long. Resolves with the number of exchanges when the last has ended. */
async function attack(scene: Scene, chatUrl: string, pid: number, seconds: number): Promise<number> {
  const { random, requests, hostile, clients } = scene;
  const port = Number(new URL(chatUrl).port);
  const until = performance.now() + seconds * 1000;
  let abuses = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      abuses += 1;
      await misbehave(port, random.pick(requests), drawManner(random), until + LAST_MS - performance.now());
    }
  };
  const disturb = async (): Promise<void> => {
    while (performance.now() < until) {
      await Bun.sleep(Math.min(2000 + random.below(8000), Math.max(0, until - performance.now())));
      const workers = processTree(pid).filter((other) => other !== pid);
      if (workers.length > 0) process.kill(random.pick(workers), "SIGKILL");
      await hostile.disturb(random);
    }
  };
  await Promise.all([disturb(), ...Array.from({ length: clients }, client)]);
  return abuses;
}

async function abuseOne(scene: Scene, name: string, workers: number, seconds: number): Promise<AbuseRecord> {
  const { ground, side, hostile, control } = scene;
  const settings = {
    ...SHORT_DEADLINES,
    CUSTOM_PROVIDERS: "side",
    SIDE_API_URL: `${side.origin}/v1`,
    ANTHROPIC_API_KEY: "sk-abuse",
    ANTHROPIC_API_URL: `${ground.mockOrigin}/v1`,
    SERVER_WORKERS: String(workers),
  };
  const load = async ({ chatUrl }: Running, pid: number, length: number) => {
    const common = { rate: HEALTHY_RATE, kindOf: healthyKind };
    // What a worker had in hand when it was killed is lost; asked again, it has to be answered.
    const tries = workers > 1 ? 3 : 1;
    const healthy = sendSteadily({ ...common, client: createSoakClient(chatUrl, "side"), pid, tries });
    const client = createSoakClient(control.chatUrl);
    const bare = sendSteadily({ ...common, client, pid: control.pid ?? 0, tries: 3 });
    const abuses = await attack(scene, chatUrl, pid, length);
    const [requests, others] = await Promise.all([healthy.stop(), bare.stop()]);
    return { abuses, requests, control: others.filter(({ kind }) => kind === "chat") };
  };
  const target = gatewayTarget("gateway", { settings });
  // Of several processes only one could have the probe's socket.
  const phase = { target, hasProbe: workers === 1, seconds, load, release: hostile.restart, closeIdle: side.closeIdle };
  return { name, ...(await runPhase(phase, ground)) };
}

/** Median, 99th percentile and greatest duration of the chats. */
const ofChats = (requests: readonly SteadyRequest[]): string =>
  durations(requests, "chat", [0.5, 0.99, 1])
    .map((ms) => figure(ms, 1))
    .join(" / ");

const tableOf = (records: readonly AbuseRecord[]): string =>
  table(records, [
    ["against", ({ name }) => name],
    ["abuses", ({ abuses }) => String(abuses)],
    ["healthy", ({ requests }) => String(requests.length)],
    ["p50 / p99 / max, ms", ({ requests }) => ofChats(requests)],
    ["of the bare proxy", ({ control }) => ofChats(control)],
    ["turn ms", ({ longestTurnMs }) => figure(longestTurnMs, 0)],
    ["MiB before", ({ before }) => mebibytes(before.residentBytes)],
    ["after", ({ after }) => mebibytes(after.residentBytes)],
    ["sockets", ({ before, after }) => `${before.sockets}/${after.sockets}`],
  ]);

/** Runs the abuse, judges and prints. Ends with 1 if a bound was broken. */
export const abuse = command(
  USAGE,
  { numbers: { minutes: 20, clients: 8, seed: 1 + (Date.now() % 1_000_000) } },
  async ({ minutes, clients, seed, json }) => {
    const seconds = minutes * 60;
    console.log(`seed ${seed}, ${minutes} minutes, ${clients} clients that misbehave`);
    const directory = scratchDirectory();
    const side = startProvider();
    const hostile = await startHostileProvider(seed);
    const ground = { mockOrigin: hostile.origin, directory };
    const control = await launch(BARE, { mockOrigin: side.origin, directory });
    const requests = abusiveRequests(MODELS);
    const scene: Scene = { random: createRandom(seed), requests, hostile, ground, side, control, clients };
    const records = [
      await abuseOne(scene, "one process", 1, seconds * 0.8),
      await abuseOne(scene, "two workers", 2, seconds * 0.2),
    ];
    await Promise.all([hostile.stop(), end(control.pid ?? 0)]);
    side.stop();
    console.log(tableOf(records));
    const findings = records.flatMap(judgeAbuse);
    await writeJson(json, { seed, records, findings });
    return reportFindings(findings);
  },
);
