import type { LoadCommand, LoadReply, LoadResult } from "../load/plan.ts";
import { end, scratchDirectory, startProgram } from "./children.ts";
import type { Ground } from "./target.ts";

/** Mock provider and load generator, each a process of its own, so that what they cost is not mixed with what is measured. */
export interface Rig extends Ground {
  readonly mockPid: number;
  readonly loadPid: number;
  /** Has the load generator carry out one plan at a time. Throws an error if it could not. */
  run(command: LoadCommand): Promise<LoadResult>;
  /** Ends both processes. */
  close(): Promise<void>;
}

/** Starts a part without which the bench cannot go on unless it was closed. */
function startPart(directory: string, file: string, environment: object) {
  let isClosing = false;
  const { child, ask } = startProgram(file, environment, directory);
  void child.exited.then(() => {
    if (isClosing) return;
    console.error(`${file} ended; the bench cannot go on without it`);
    process.exit(1);
  });
  const close = (): Promise<unknown> => {
    isClosing = true;
    return end(child.pid);
  };
  return { pid: child.pid, ask, close };
}

/** @param mockPort port of the mock provider; any free one for 0 */
export async function startRig(mockPort = 0): Promise<Rig> {
  const directory = scratchDirectory();
  const mock = startPart(directory, "targets/mock-provider.ts", { PORT: String(mockPort) });
  const load = startPart(directory, "load/generator.ts", {});
  const { port } = await mock.ask<{ port: number }>();
  return {
    directory,
    mockOrigin: `http://127.0.0.1:${port}`,
    mockPid: mock.pid,
    loadPid: load.pid,
    async run(command) {
      const reply = await load.ask<LoadReply>(command);
      if ("failed" in reply) throw new Error(reply.failed);
      return reply;
    },
    async close() {
      await Promise.all([mock.close(), load.close()]);
    },
  };
}
