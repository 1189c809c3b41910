import { join } from "node:path";
import { freePort } from "../../fixtures/free-port.ts";

const PROGRAM = join(import.meta.dir, "../../../node_modules/@modelcontextprotocol/server-everything/dist/index.js");

/** The protocol's own server with a tool of every kind, in a process of its own. */
export interface EverythingServer extends AsyncDisposable {
  readonly url: string;
}

/** Starts it on a free port. It takes a while to listen, and is not waited for. */
export async function startEverything(
  transport: "streamableHttp" | "sse" = "streamableHttp",
): Promise<EverythingServer> {
  const port = await freePort();
  const child = Bun.spawn([process.execPath, PROGRAM, transport], {
    env: { PATH: process.env["PATH"] ?? "", PORT: String(port) },
    stdio: ["ignore", "ignore", "ignore"],
  });
  return {
    url: `http://127.0.0.1:${port}/${transport === "sse" ? "sse" : "mcp"}`,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}
