import { command } from "../command.ts";
import { reportFindings, writeJson } from "../report/table.ts";
import { scratchDirectory } from "../targets/children.ts";
import { gatewayTarget, SHORT_DEADLINES } from "../targets/gateway.ts";
import type { Running } from "../targets/launch.ts";
import { startProvider } from "../../test/fixtures/load-provider.ts";
import { createSoakClient } from "./client.ts";
import { judgeSoak } from "./judge.ts";
import { kindOf } from "./kinds.ts";
import { runPhase } from "./phase.ts";
import { sendSteadily } from "./steady-requests.ts";

const USAGE = `bun run bench soak [options]   has clients and a provider misbehave for long, and looks for what the gateway leaves behind

  --minutes N   length of the load after the warm-up (default 10)
  --rate N      requests a second (default 40)
  --binary      dist/inference-gateway instead of the source; its heap cannot be looked at
  --json FILE   write everything that was seen as JSON`;

/** Runs the soak, judges and prints. Ends with 1 if something was left behind or went wrong. */
export const soak = command(
  USAGE,
  { numbers: { minutes: 10, rate: 40 }, flags: ["binary"] },
  async ({ minutes, rate, binary, json }) => {
    const provider = startProvider();
    const phase = {
      target: gatewayTarget("gateway", { binary, settings: SHORT_DEADLINES }),
      hasProbe: !binary,
      seconds: minutes * 60,
      async load({ chatUrl }: Running, pid: number, length: number) {
        const sending = sendSteadily({ client: createSoakClient(chatUrl), pid, rate, kindOf });
        await Bun.sleep(length * 1000);
        return { requests: await sending.stop() };
      },
      closeIdle: provider.closeIdle,
    };
    console.log(`a warm-up, then ${minutes} minutes of ${rate} requests a second`);
    const record = await runPhase(phase, { mockOrigin: provider.origin, directory: scratchDirectory() });
    provider.stop();
    const findings = judgeSoak(record);
    await writeJson(json, { ...record, findings });
    return reportFindings(findings);
  },
);
