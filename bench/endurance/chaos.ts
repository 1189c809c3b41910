import { planFaults, type PlannedFault } from "../../test/fixtures/fault-plan.ts";
import { FAULTS, findMarkFault } from "../../test/fixtures/flaky-provider.ts";
import { type FlakyProviders, startFlakyProviders } from "../../test/fixtures/flaky-providers.ts";
import { command, positive } from "../command.ts";
import { reportFindings, writeJson } from "../report/table.ts";
import { scratchDirectory } from "../targets/children.ts";
import { gatewayTarget } from "../targets/gateway.ts";
import { endAll, launch } from "../targets/launch.ts";
import { type ChaosPhase, faultTable, judgeChaos, phaseTable } from "./chaos-judge.ts";
import { createClient } from "./client.ts";
import { sendSteadily } from "./steady-requests.ts";

const USAGE = `bun run bench chaos [options]   five providers die, stall, fail and recover behind one model: is everything answered?

  --minutes N   length of all phases: a fifth without faults, three with two of five bad, one with streams cut after content (default 2)
  --rate N      requests a second, every other one a stream (default 40)
  --seed N      of what each provider suffers from when; a new one by default, which is printed
  --binary      dist/inference-gateway instead of the source
  --json FILE   write everything that was seen as JSON`;

const MARKS = ["alpha", "bravo", "charlie", "delta", "echo"] as const;
const LATE = ["cutLate", "stalledLate"] as const;
const SAVABLE = (Object.keys(FAULTS) as (keyof typeof FAULTS)[]).filter((fault) => !LATE.some((one) => one === fault));
const COOLDOWN_SECONDS = 2;
/** More than a second without requests at this rate means an open circuit, and a probe comes later than that. */
const ALONE_MS = 1000;

/** The gateway's configuration file: one model, whose deployments are the providers. */
const configFor = (ports: readonly number[]) => ({
  providers: Object.fromEntries(
    MARKS.map((mark, index) => [mark, { base_url: `http://127.0.0.1:${ports[index]}/v1`, apis: ["chat"] }]),
  ),
  models: {
    chaos: {
      strategy: "round_robin",
      deployments: MARKS.map((provider) => ({ provider, model: "m" })),
      retries: { attempts: 4 },
      timeouts: { connect: "1s", header: "1s", first_token: "1s", idle: "2s", total: "20s" },
      cooldown: { failures: 3, for: `${COOLDOWN_SECONDS}s`, max: `${2 * COOLDOWN_SECONDS}s` },
    },
  },
});

const kindFor = (stream: boolean) => ({
  stream,
  findFault: (status: number, body: string) => findMarkFault(MARKS, stream, status, body),
});
const KINDS = { whole: kindFor(false), stream: kindFor(true) };

/** Requests of both kinds, all for that model. */
export const createChaosClient = (chatUrl: string) =>
  createClient(chatUrl, KINDS, ({ stream }) =>
    Buffer.from(JSON.stringify({ model: "chaos", stream, messages: [{ role: "user", content: "Say hello." }] })),
  );

/** Sends requests at a steady rate for so long, while the providers suffer as planned. */
export async function runChaosPhase(
  providers: FlakyProviders,
  name: string,
  load: { readonly chatUrl: string; readonly pid: number; readonly rate: number; readonly lengthMs: number },
  plan: readonly PlannedFault[],
): Promise<ChaosPhase> {
  const { chatUrl, lengthMs, ...rest } = load;
  const kindOf = (index: number): keyof typeof KINDS => (index % 2 === 0 ? "whole" : "stream");
  const sending = sendSteadily({ client: createChaosClient(chatUrl), kindOf, ...rest });
  const report = await providers.carryOut(plan, lengthMs);
  return { name, requests: await sending.stop(), ...report };
}

/** Runs the chaos, judges and prints. Ends with 1 if too little was answered well. */
export const chaos = command(
  USAGE,
  {
    minutes: { type: "string", default: "2" },
    rate: { type: "string", default: "40" },
    seed: { type: "string", default: String(1 + (Date.now() % 1_000_000)) },
    binary: { type: "boolean", default: false },
    json: { type: "string" },
  },
  async ({ minutes, rate: rateText, seed: seedText, binary, json }) => {
    const fifthMs = positive("minutes", minutes) * 12_000;
    const rate = positive("rate", rateText);
    const seed = positive("seed", seedText);
    console.log(`seed ${seed}, ${minutes} minutes of ${rate} requests a second`);
    const providers = await startFlakyProviders(MARKS);
    const ground = { mockOrigin: `http://127.0.0.1:${providers.ports[0]}`, directory: scratchDirectory() };
    const running = await launch(
      gatewayTarget("gateway", { binary, config: () => configFor(providers.ports) }),
      ground,
    );
    const phase = (name: string, lengthMs: number, faults: Parameters<typeof planFaults>[0]["faults"]) => {
      const plan = planFaults({ seed, providers: MARKS.length, atOnce: 2, lengthMs, faults });
      return runChaosPhase(providers, name, { ...running, pid: running.pid ?? 0, rate, lengthMs }, plan);
    };
    // What is asked first is compiled meanwhile, and is nothing to compare with.
    await phase("warm-up", Math.min(5000, fifthMs), []);
    const phases = [
      await phase("quiet", fifthMs, []),
      await phase("chaos", 3 * fifthMs, SAVABLE),
      await phase("cut after content", fifthMs, LATE),
    ] as const;
    await endAll([running]);
    await providers.stop();
    const findings = judgeChaos(phases);
    console.log(`${phaseTable(phases)}\n\n${faultTable(phases, ALONE_MS)}\n`);
    await writeJson(json, { seed, phases, findings });
    return reportFindings(findings);
  },
);
