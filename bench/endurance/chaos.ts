import { join } from "node:path";
import { planFaults, type PlannedFault } from "../../test/fixtures/fault-plan.ts";
import { type Fault, findMarkFault, LATE_FAULTS, SAVABLE_FAULTS } from "../../test/fixtures/flaky-provider.ts";
import { type FlakyProviders, startFlakyProviders } from "../../test/fixtures/flaky-providers.ts";
import { command } from "../command.ts";
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

const MARKS = ["alpha", "bravo", "charlie", "delta", "echo"];
/** At this rate, so long without requests means an open circuit, and the first probe comes later than that. */
const ALONE_MS = 1000;
const kindFor = (stream: boolean) => ({ stream, findFault: findMarkFault.bind(undefined, MARKS, stream) });
const KINDS = { whole: kindFor(false), stream: kindFor(true) };

/** How much is sent: so many requests a second, for so long. */
type ChaosLoad = Readonly<Record<"pid" | "rate" | "lengthMs", number> & Record<"name" | "chatUrl", string>>;

/** Sends requests of both kinds at a steady rate, all for one model, while the providers suffer as planned. */
export async function runChaosPhase(
  providers: FlakyProviders,
  { name, chatUrl, pid, rate, lengthMs, plan }: ChaosLoad & { readonly plan: readonly PlannedFault[] },
): Promise<ChaosPhase> {
  const client = createClient(chatUrl, KINDS, ({ stream }) =>
    Buffer.from(JSON.stringify({ model: "chaos", stream, messages: [{ role: "user", content: "Say hello." }] })),
  );
  const sending = sendSteadily({ client, pid, rate, kindOf: (index) => (index % 2 === 0 ? "whole" : "stream") });
  const carriedOut = providers.carryOut(plan, lengthMs);
  const requests = await carriedOut.then(sending.stop, sending.stop);
  return { name, requests, ...(await carriedOut) };
}

/** Runs the chaos, judges and prints. Ends with 1 if too little was answered well. */
export const chaos = command(
  USAGE,
  { numbers: { minutes: 2, rate: 40, seed: 1 + (Date.now() % 1_000_000) }, flags: ["binary"] },
  async ({ minutes, rate, seed, binary, json }) => {
    const fifthMs = minutes * 12_000;
    console.log(`seed ${seed}, ${minutes} minutes of ${rate} requests a second`);
    const providers = await startFlakyProviders(MARKS);
    const ports = providers.ports.map((port, index) => [`${MARKS[index]?.toUpperCase()}_PORT`, String(port)]);
    const settings = { GATEWAY_CONFIG: join(import.meta.dir, "chaos.yaml"), ...Object.fromEntries(ports) };
    const ground = { mockOrigin: `http://127.0.0.1:${providers.ports[0]}`, directory: scratchDirectory() };
    const running = await launch(gatewayTarget("gateway", { binary, settings }), ground);
    const { chatUrl, pid = 0 } = running;
    const phase = (name: string, lengthMs: number, faults: readonly Fault[]) => {
      const plan = planFaults({ seed, providers: MARKS.length, atOnce: 2, lengthMs, faults });
      return runChaosPhase(providers, { name, chatUrl, pid, rate, lengthMs, plan });
    };
    // What is asked first is compiled meanwhile, and is nothing to compare with.
    await phase("warm-up", Math.min(5000, fifthMs), []);
    const phases = [
      await phase("quiet", fifthMs, []),
      await phase("chaos", 3 * fifthMs, SAVABLE_FAULTS),
      await phase("cut after content", fifthMs, LATE_FAULTS),
    ] as const;
    await endAll([running]);
    await providers.stop();
    const findings = judgeChaos(phases);
    console.log(`${phaseTable(phases)}\n\n${faultTable(phases, ALONE_MS)}\n`);
    await writeJson(json, { seed, phases, findings });
    return reportFindings(findings);
  },
);
