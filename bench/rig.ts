import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adopt, end } from "./children.ts";
import { startIssuer } from "./issuer.ts";
import type { LoadAnswer, LoadCommand } from "./load-plan.ts";
import type { Rig } from "./targets.ts";
import { startToolServer } from "./tool-server.ts";

/**
 * The rig with its two processes: the mock upstream and the load generator. What is asked seldom, the issuer and the MCP
 * server, lives in this process.
 */
export interface RunningRig extends Rig {
  readonly mockPid: number;
  readonly loadPid: number;
  /**
   * Has the load generator do one thing. Commands must not overlap.
   * @throws Error where the generator could not do it
   */
  command(command: LoadCommand): Promise<LoadAnswer>;
  /** Ends both processes and removes the directory. */
  close(): Promise<void>;
}

/** Starts mock and generator, each a process of its own, so that what they cost is not mixed with what is measured. */
export async function startRig(mockPort: number): Promise<RunningRig> {
  const directory = mkdtempSync(join(tmpdir(), "gateway-bench-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  const environment = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" };
  const common = { cwd: directory, stdin: "ignore", stdout: "inherit", stderr: "inherit" } as const;

  let closing = false;
  const ended = (what: string): void => {
    if (closing) return;
    console.error(`${what} ended; the bench cannot go on without it`);
    process.exit(1);
  };

  const port = Promise.withResolvers<number>();
  const mock = Bun.spawn([process.execPath, join(import.meta.dir, "mock-upstream.ts")], {
    ...common,
    env: { ...environment, MOCK_PORT: String(mockPort) },
    ipc: (message: { port: number }) => port.resolve(message.port),
    onExit: () => ended("the mock upstream"),
  });
  adopt(mock);

  let waiting: PromiseWithResolvers<LoadAnswer> | undefined;
  const load = Bun.spawn([process.execPath, join(import.meta.dir, "load.ts")], {
    ...common,
    env: environment,
    ipc: (message: LoadAnswer) => waiting?.resolve(message),
    onExit: () => ended("the load generator"),
  });
  adopt(load);

  const issuer = startIssuer();
  const toolServer = startToolServer();
  return {
    directory,
    issuer,
    toolServer,
    mockOrigin: `http://127.0.0.1:${await port.promise}`,
    mockPid: mock.pid,
    loadPid: load.pid,
    async command(command) {
      waiting = Promise.withResolvers<LoadAnswer>();
      load.send(command);
      const answer = await waiting.promise;
      if (answer.kind === "failed") throw new Error(answer.reason);
      return answer;
    },
    async close() {
      closing = true;
      issuer.stop();
      toolServer.stop();
      await Promise.all([end(mock.pid), end(load.pid)]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
