import type { HeapCounts } from "../../test/fixtures/ask-process-probe.ts";
import { askProbe, withProbe } from "../measure/heap.ts";
import { countSockets, measureTree } from "../../test/fixtures/process-tree.ts";
import { end } from "../targets/children.ts";
import { launch, type Running } from "../targets/launch.ts";
import type { Ground, Target } from "../targets/target.ts";

/** The gateway at rest, without any client. */
export interface AtRest {
  readonly residentBytes: number;
  readonly sockets: number;
  /** Objects on the heap by type, garbage left out; `undefined` for one that cannot be asked. */
  readonly objects: HeapCounts | undefined;
}

/** What became of a gateway. */
export interface PhaseRecord {
  /** After the warm-up, and after the load. */
  readonly before: AtRest;
  readonly after: AtRest;
  /** CPU time within the longest turn of the event loop; `undefined` for a gateway that cannot be asked. */
  readonly longestTurnMs: number | undefined;
  /** Of the process that was asked to end when nothing was in flight; `undefined` if it had to be killed. */
  readonly exitCode: number | undefined;
  readonly drainSeconds: number;
}

/** How a gateway is loaded. */
export interface Phase<Loaded> {
  readonly target: Target;
  /** Whether the target runs in one process from source, and can be asked for its heap and its turns. */
  readonly hasProbe: boolean;
  readonly seconds: number;
  /** Loads it for so many seconds, and resolves when nothing is in flight. */
  readonly load: (running: Running, pid: number, seconds: number) => Promise<Loaded>;
  /** Frees what hostile providers hold, once when a load is over. */
  readonly release?: () => Promise<void>;
  /** Has providers close connections that carry no request. */
  readonly closeIdle: () => void;
}

/** What memory may grow by from rest to rest. */
export const GROWTH_BYTES = 20 * 1_048_576;
const POLL_MS = 500;
const CALM_POLLS = 5;
const LONGEST_REST_SECONDS = 60;
const DRAIN_MS = 10_000;

/** Starts the gateway, warms it up, loads it, and looks at what it has left each time; and ends it. */
export async function runPhase<Loaded>(phase: Phase<Loaded>, ground: Ground): Promise<PhaseRecord & Loaded> {
  const { target, hasProbe, seconds, load } = phase;
  const running = await launch(hasProbe ? withProbe(target, true) : target, ground);
  const pid = running.pid ?? 0;
  const look = () => ({ residentBytes: measureTree(pid).residentBytes, sockets: countSockets(pid) });

  /** Waits until the gateway is as it was, or for as long as it may take: what it gives back, it gives back at rest. */
  const rest = async (before?: AtRest): Promise<AtRest> => {
    await phase.release?.();
    // Twice, here and at the end: what finalisers let go of is collected the second time.
    if (hasProbe) await askProbe(running, ground, "collected");
    const until = performance.now() + Math.min(LONGEST_REST_SECONDS, 5 + seconds) * 1000;
    let last = look();
    for (let calm = 0; calm < CALM_POLLS && performance.now() < until;) {
      phase.closeIdle();
      await Bun.sleep(POLL_MS);
      const now = look();
      const isBack =
        before === undefined ||
        (now.sockets <= before.sockets && now.residentBytes <= before.residentBytes + GROWTH_BYTES);
      calm = now.sockets === last.sockets && isBack ? calm + 1 : 0;
      last = now;
    }
    return { ...last, objects: hasProbe ? await askProbe(running, ground, "collected") : undefined };
  };

  // A fifth of the load, but 2 s to a minute; a load that is shorter only shows that everything runs.
  await load(running, pid, Math.min(seconds, 60, Math.max(2, seconds / 5)));
  const before = await rest();
  if (hasProbe) await askProbe(running, ground, "watch-collected");
  const loaded = await load(running, pid, seconds);
  const longestTurnMs = hasProbe ? (await askProbe(running, ground, "turns")).longestTurnMs : undefined;
  const after = await rest(before);
  const askedAt = performance.now();
  const exitCode = await end(pid, DRAIN_MS);
  return { ...loaded, before, after, longestTurnMs, exitCode, drainSeconds: (performance.now() - askedAt) / 1000 };
}
