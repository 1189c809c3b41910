import { readFileSync } from "node:fs";
import { openRawClient, type RawClient } from "../../fixtures/raw-http-client.ts";
import type { GatewayProcess } from "../../fixtures/start-gateway.ts";

/** What `/health/ready` of a gateway with workers says. */
export interface Ready {
  readonly message: string;
  readonly worker: number;
  readonly workers: { readonly up: number; readonly of: number };
}

/** A connection to the gateway, and the worker that has it. */
export interface WorkerConnection {
  readonly client: RawClient;
  readonly ready: Ready;
}

const MOST_CONNECTIONS = 100;
const POLL_MS = 5;

/** The process ids of the workers as the log last told them, by number. */
export function workerPids(gateway: GatewayProcess): ReadonlyMap<number, number> {
  const lines = gateway.log.filter(({ msg }) => msg === "worker is up");
  return new Map(lines.map(({ worker, pid }) => [Number(worker), Number(pid)]));
}

/** Opens a connection and asks who has it. */
export async function connectToWorker({ port }: GatewayProcess): Promise<WorkerConnection> {
  const client = await openRawClient(port);
  await client.request("GET", "/health/ready");
  await client.head();
  return { client, ready: JSON.parse((await client.body()).text) as Ready };
}

/** A connection to each of a number of workers, in order; which worker gets a connection is the kernel's choice. */
export async function connectToEach(gateway: GatewayProcess, count = 2): Promise<readonly WorkerConnection[]> {
  const found = new Map<number, WorkerConnection>();
  for (let tries = 0; tries < MOST_CONNECTIONS && found.size < count; tries += 1) {
    const connection = await connectToWorker(gateway);
    if (found.has(connection.ready.worker)) connection.client.leave();
    else found.set(connection.ready.worker, connection);
  }
  if (found.size < count) throw new Error(`${MOST_CONNECTIONS} connections reached ${found.size} workers only`);
  return [...found.entries()].sort(([one], [other]) => one - other).map(([, connection]) => connection);
}

/** Whether a process lives; one that has ended and was not yet waited for does not. */
export function lives(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}

/** Waits until none of the processes lives. Bound it with `within`. */
export async function allEnded(pids: Iterable<number>): Promise<void> {
  for (const pid of pids) while (lives(pid)) await Bun.sleep(POLL_MS);
}
