import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { end } from "./children.ts";
import { countSockets } from "./count-sockets.ts";
import { BINARY, gatewayTarget, SOURCE } from "./gateway-target.ts";
import { readHeap, withProbe } from "./heap-counts.ts";
import { launch, type Running } from "./launch.ts";
import { measureTree } from "./process-tree.ts";
import { createSoakClient, type SoakClient } from "./soak-client.ts";
import { type AtRest, judgeSoak, type SoakSample } from "./soak-judge.ts";
import { kindOf } from "./soak-kinds.ts";
import { type SoakProvider, startSoakProvider } from "./soak-provider.ts";
import { type Rig, rigWithout } from "./targets.ts";

const USAGE = `bun run bench soak [options]   has clients and a provider misbehave for long, and looks for what the gateway leaves behind

  --minutes N   length of the load after the warm-up (default 10)
  --rate N      requests a second (default 40)
  --binary      dist/inference-gateway instead of the source; its heap cannot be looked at
  --json FILE   write everything that was seen as JSON`;

/** Short deadlines, so that what providers keep waiting ends within the soak. */
const SETTINGS = {
  LOG_LEVEL: "info",
  CLIENT_CONNECT_TIMEOUT: "2s",
  CLIENT_RESPONSE_HEADER_TIMEOUT: "2s",
  CLIENT_TIMEOUT: "4s",
  CLIENT_STREAM_IDLE_TIMEOUT: "2s",
} as const;
const SAMPLE_MILLISECONDS = 2000;
const MOST_IN_FLIGHT = 500;
const REST_SECONDS = 15;
const DRAIN_MILLISECONDS = 10_000;

interface Soaked {
  readonly running: Running;
  readonly pid: number;
  readonly rig: Rig;
  readonly provider: SoakProvider;
  readonly client: SoakClient;
  readonly hasProbe: boolean;
}

interface Tally {
  requests: number;
  readonly faults: Record<string, number>;
}

/** Sends the mix at a steady rate, whatever comes back, and waits for the last answers. */
async function load(
  { client }: Soaked,
  rate: number,
  seconds: number,
  tick: (elapsed: number) => void,
): Promise<Tally> {
  const tally: Tally = { requests: 0, faults: {} };
  const pending = new Set<Promise<void>>();
  const book = (fault: string): void => {
    tally.faults[fault] = (tally.faults[fault] ?? 0) + 1;
  };
  const one = async (index: number): Promise<void> => {
    const kind = kindOf(index);
    const fault = await client.exchange(kind).catch((error: unknown) => String(error));
    if (fault !== undefined) book(`${kind}: ${fault}`);
  };
  const beganAt = performance.now();
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - beganAt) / 1000) {
    tick(elapsed);
    while (tally.requests < elapsed * rate) {
      tally.requests += 1;
      if (pending.size >= MOST_IN_FLIGHT) {
        book("not sent: too many in flight");
        continue;
      }
      const sent = one(tally.requests).finally(() => pending.delete(sent));
      pending.add(sent);
    }
    await Bun.sleep(5);
  }
  await Promise.all(pending);
  return tally;
}

/** Has everybody else close what they can close, and looks at what the gateway has left then. */
async function rest({ running, pid, rig, provider, client, hasProbe }: Soaked): Promise<AtRest> {
  client.closeIdle();
  provider.closeIdle();
  const until = performance.now() + REST_SECONDS * 1000;
  let sockets = countSockets(pid);
  while (performance.now() < until) {
    await Bun.sleep(500);
    provider.closeIdle();
    const now = countSockets(pid);
    if (now === sockets && provider.connections() === 0) break;
    sockets = now;
  }
  if (hasProbe) await readHeap(running.target, running.chatUrl, rig, true);
  // Twice: what finalisers let go of is collected the second time.
  const objects = hasProbe ? await readHeap(running.target, running.chatUrl, rig, true) : undefined;
  return { sockets: countSockets(pid), objects };
}

async function drain(pid: number): Promise<{ readonly exitCode: number | undefined; readonly drainSeconds: number }> {
  const beganAt = performance.now();
  const exitCode = await end(pid, DRAIN_MILLISECONDS);
  return { exitCode, drainSeconds: (performance.now() - beganAt) / 1000 };
}

/**
 * Runs the soak, judges and prints.
 * @param commandLine arguments after `soak`
 * @returns exit code of the process: 1 where something was left behind or went wrong
 */
export async function soak(commandLine: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...commandLine],
    options: {
      minutes: { type: "string", default: "10" },
      rate: { type: "string", default: "40" },
      binary: { type: "boolean", default: false },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const seconds = Number(values.minutes) * 60;
  const rate = Number(values.rate);
  if (!(seconds > 0 && rate > 0)) throw new Error("--minutes and --rate must be numbers above 0");

  const directory = mkdtempSync(join(tmpdir(), "gateway-soak-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  const provider = startSoakProvider();
  const rig = rigWithout(provider.origin, directory);
  const gateway = gatewayTarget("gateway", values.binary ? BINARY : SOURCE, { settings: () => SETTINGS });
  if (gateway.missing !== undefined) throw new Error(gateway.missing);
  const running = await launch(values.binary ? gateway : withProbe(gateway, true), rig);
  const pid = running.pid ?? 0;
  const client = createSoakClient(running.chatUrl);
  const soaked: Soaked = { running, pid, rig, provider, client, hasProbe: !values.binary };

  const warmSeconds = Math.min(60, Math.max(5, seconds / 5));
  console.log(`warm-up for ${warmSeconds} s, then ${values.minutes} minutes of ${rate} requests a second`);
  await load(soaked, rate, warmSeconds, () => {});
  const before = await rest(soaked);

  const samples: SoakSample[] = [];
  let told = 0;
  const { requests, faults } = await load(soaked, rate, seconds, (elapsed) => {
    if (elapsed * 1000 < samples.length * SAMPLE_MILLISECONDS) return;
    const residentBytes = measureTree(pid).residentBytes ?? 0;
    samples.push({ seconds: elapsed, residentBytes, sockets: countSockets(pid) });
    if (elapsed < told) return;
    told += 60;
    console.log(
      `  ${elapsed.toFixed(0)} s: ${(residentBytes / 1048576).toFixed(1)} MiB, ${samples.at(-1)?.sockets} sockets`,
    );
  });
  const after = await rest(soaked);
  const record = { requests, faults, samples, before, after, ...(await drain(pid)) };
  provider.stop();

  const findings = judgeSoak(record);
  for (const { holds, text } of findings) console.log(`${holds ? "ok    " : "FAILED"} ${text}`);
  if (values.json !== undefined) await Bun.write(values.json, `${JSON.stringify({ ...record, findings }, null, 2)}\n`);
  return findings.every(({ holds }) => holds) ? 0 : 1;
}
