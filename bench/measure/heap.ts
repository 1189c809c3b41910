import { join } from "node:path";
import { RUNTIME_ENVIRONMENT } from "../../src/cli/own-command.ts";
import { askProcessProbe, PROCESS_PROBE } from "../../test/fixtures/ask-process-probe.ts";
import type { Running } from "../targets/launch.ts";
import type { Ground, Target } from "../targets/target.ts";

const socketOf = (name: string, port: number, { directory }: Ground): string =>
  join(directory, `${name}-${port}.probe`);

/** As of `BUN_JSC_*`: the heap is not collected before it has grown by this much, unless it is asked for. */
const HEAP_BYTES = "2000000000";
const NO_COLLECTION = {
  BUN_JSC_smallHeapSize: HEAP_BYTES,
  BUN_JSC_mediumHeapSize: HEAP_BYTES,
  BUN_JSC_largeHeapSize: HEAP_BYTES,
  BUN_GC_TIMER_DISABLE: "1",
};

/**
 * The same target, which can be asked by {@link askProbe}.
 * @param target one that runs on Bun from source
 * @param collects whether the runtime collects garbage by itself; without, everything allocated between two readings is counted
 */
export function withProbe(target: Target, collects: boolean): Target {
  const { start } = target;
  if (start === undefined) throw new Error(`${target.name} is not started by the bench`);
  return {
    ...target,
    start(port, ground) {
      const { command, environment, ...rest } = start(port, ground);
      const [program = "", ...args] = command;
      return {
        ...rest,
        command: [program, "--preload", PROCESS_PROBE, ...args],
        environment: {
          ...environment,
          ...(!collects && NO_COLLECTION),
          // As the gateway sets it for itself, for which it would begin again without the probe.
          ...RUNTIME_ENVIRONMENT,
          PROCESS_PROBE_SOCKET: socketOf(target.name, port, ground),
        },
      };
    },
  };
}

/** Asks a process that was started {@link withProbe}. */
export const askProbe = <What extends Parameters<typeof askProcessProbe>[1]>(
  { target, chatUrl }: Running,
  ground: Ground,
  what: What,
) => askProcessProbe<What>(socketOf(target.name, Number(new URL(chatUrl).port), ground), what);
