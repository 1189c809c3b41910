import { freePort } from "../../test/fixtures/free-port.ts";
import type { Random } from "../../test/fixtures/random.ts";
import { end, startProgram } from "../targets/children.ts";

/** A process that is started again whenever it was killed. */
export interface HostileProvider {
  readonly origin: string;
  /** Kills it, or has it do nothing for a while. */
  disturb(random: Random): Promise<void>;
  /** Kills it, and its connections with it, and starts another at the same address. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** @param seed of its answers */
export async function startHostileProvider(seed: number): Promise<HostileProvider> {
  const port = await freePort();
  const start = async () => {
    const environment = { PORT: String(port), SEED: String(seed) };
    const { child, ask } = startProgram("targets/mock-provider.ts", environment);
    await Promise.race([ask(), child.exited]);
    return child;
  };
  let child = await start();
  const restart = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
    child = await start();
  };
  return {
    restart,
    origin: `http://127.0.0.1:${port}`,
    async disturb(random) {
      if (random.below(3) === 0) return restart();
      child.kill("SIGSTOP");
      await Bun.sleep(500 + random.below(2500));
      child.kill("SIGCONT");
    },
    async stop() {
      await end(child.pid);
    },
  };
}
