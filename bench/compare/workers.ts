import { command } from "../command.ts";
import { leastOf } from "../guard/judge.ts";
import { measureLoad, type PartialPlan, runPlan, type Sample } from "../measure/sample.ts";
import { median } from "../measure/statistics.ts";
import { figure, finding, reportFindings, table, writeJson } from "../report/table.ts";
import { gatewayTarget } from "../targets/gateway.ts";
import { endAll, launch, type Running } from "../targets/launch.ts";
import { startRig } from "../targets/rig.ts";

const USAGE = `bun run bench workers [options]   are two workers as good as two gateways that share nothing, between which the load is split?

  --rounds N    how often each is loaded, in turn (default 30)
  --seconds N   length of one load (default 1)
  --rate N      requests a second of two workers for their latency, twice those of the one gateway beside (default 1000)
  --binary      dist/inference-gateway instead of the source
  --json FILE   write every load as JSON`;

/** What two workers have to reach of what two gateways do. */
const LEAST_SHARE = 0.95;
const closed = (seconds: number) => ({ answer: "json", bodyBytes: 200, seconds, connections: 32 }) as const;

/** Median, and the quarters below and above which a quarter of the values lies. */
function quarters(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number) => figure(sorted[Math.floor((sorted.length - 1) * share)], digits);
  return `${figure(median(values), digits)} (${at(0.25)}–${at(0.75)})`;
}

const perSecond = ({ load }: Sample): number => load.requests / load.seconds;
const cpuOf = ({ cpuMicroseconds, load }: Sample): number => cpuMicroseconds / load.requests;
const p99 = ({ load }: Sample): number => load.latency.p99 ?? NaN;

/** Measures, judges and prints. Ends with 1 if two workers are less than they have to be, for certain: by the sign test. */
export const workers = command(
  USAGE,
  { numbers: { rounds: 30, seconds: 1, rate: 1000 }, flags: ["binary"] },
  async ({ rounds, seconds, rate, binary, json }) => {
    const rig = await startRig();
    const one = gatewayTarget("gateway", { binary });
    const [first, second] = [await launch(one, rig), await launch(one, rig)];
    const two = await launch(gatewayTarget("workers", { binary, settings: { SERVER_WORKERS: "2" } }), rig);
    const both = { ...first, others: [second] };
    for (const running of [both, two]) await runPlan(rig, running, closed(5));
    const open = (offered: number) => ({ ...closed(seconds), loop: "open", connections: 1024, rate: offered }) as const;
    const kind = (name: string, running: Running, plan: PartialPlan) => ({ name, running, plan, seen: [] as Sample[] });
    const alone = kind(`one gateway, ${rate / 2} a second`, first, open(rate / 2));
    const [shared, busy] = [kind("two gateways", both, closed(seconds)), kind("two workers", two, closed(seconds))];
    const split = kind(`two gateways, ${rate} a second`, both, open(rate));
    const steady = kind(`two workers, ${rate} a second`, two, open(rate));
    const kinds = [shared, busy, alone, split, steady];
    for (let round = 0; round < rounds; round += 1) {
      for (const { name, running, plan, seen } of round % 2 === 0 ? kinds : kinds.toReversed()) {
        seen.push(await measureLoad(rig, running, name, plan, round));
      }
    }
    await endAll([first, second, two]);
    await rig.close();
    console.log(
      table(kinds, [
        [`medians and quarters of ${rounds} rounds`, ({ name }) => name],
        ["requests/s", ({ seen }) => quarters(seen.map(perSecond), 0)],
        ["p99, ms", ({ seen }) => quarters(seen.map(p99), 2)],
        ["CPU us/request", ({ seen }) => quarters(seen.map(cpuOf), 1)],
        ["failures", ({ seen }) => String(seen.reduce((sum, { load }) => sum + load.errors, 0))],
      ]),
    );
    await writeJson(json, kinds);
    const reached = busy.seen.map((sample, round) => perSecond(sample) / perSecond(shared.seen[round] ?? sample));
    const later = (than: typeof steady) =>
      steady.seen.map((sample, round) => p99(sample) - p99(than.seen[round] ?? sample));
    const share = `two workers answer ${quarters(reached, 3)} of what two gateways do, have to ${LEAST_SHARE}`;
    const delay = `their p99 is ${quarters(later(alone), 2)} ms above that of one gateway at half the rate`;
    const control = `${quarters(later(split), 2)} above that of two gateways at the same; either may not be`;
    return reportFindings([
      finding(-leastOf(reached.map((value) => -value)) >= LEAST_SHARE, share),
      finding(Math.min(leastOf(later(alone)), leastOf(later(split))) <= 0, `${delay}, ${control}`),
    ]);
  },
);
