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

/** Starts a program of the bench that talks by IPC, and without which the bench cannot go on unless it was stopped. */
function startPart(directory: string, file: string, environment: object, message: (message: never) => void) {
  let isClosing = false;
  const child = startProgram(file, environment, message, directory);
  void child.exited.then(() => {
    if (isClosing) return;
    console.error(`${file} ended; the bench cannot go on without it`);
    process.exit(1);
  });
  const close = (): Promise<unknown> => {
    isClosing = true;
    return end(child.pid);
  };
  return { child, close };
}

/** @param mockPort port of the mock provider; any free one for 0 */
export async function startRig(mockPort = 0): Promise<Rig> {
  const directory = scratchDirectory();
  const port = Promise.withResolvers<number>();
  let waiting: PromiseWithResolvers<LoadReply> | undefined;
  const environment = { PORT: String(mockPort) };
  const mock = startPart(directory, "targets/mock-provider.ts", environment, (sent: { port: number }) =>
    port.resolve(sent.port),
  );
  const load = startPart(directory, "load/generator.ts", {}, (reply: LoadReply) => waiting?.resolve(reply));
  return {
    directory,
    mockOrigin: `http://127.0.0.1:${await port.promise}`,
    mockPid: mock.child.pid,
    loadPid: load.child.pid,
    async run(command) {
      waiting = Promise.withResolvers<LoadReply>();
      load.child.send(command);
      const reply = await waiting.promise;
      if ("failed" in reply) throw new Error(reply.failed);
      return reply;
    },
    async close() {
      await Promise.all([mock.close(), load.close()]);
    },
  };
}
