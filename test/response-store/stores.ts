import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DIALECTS } from "../../src/formats/dialects.ts";
import type { Substitutes } from "../fixtures/start-in-process.ts";
import { patient } from "../fixtures/within.ts";
import { startTranslating, type TranslatingGateway } from "../translation/translating-gateway.ts";

const SERVER = Bun.which("redis-server") ?? Bun.which("valkey-server");

if (SERVER === null)
  console.log("skipped: what needs a Redis server, because neither redis-server nor valkey-server is installed");

/** Whether there is a Redis server for tests. */
export const hasRedis = SERVER !== null;

/** The kinds of stores that can be tested here. */
export const KINDS = hasRedis ? (["sqlite", "redis"] as const) : (["sqlite"] as const);

/** A place for a store, and the settings with which gateways use it. */
export interface StorePlace extends AsyncDisposable {
  readonly settings: Record<string, string>;
  readonly directory: string;
}

export function openFolder(): StorePlace {
  const directory = mkdtempSync(join(tmpdir(), "responses-"));
  return {
    settings: { RESPONSES_STORE: "sqlite", RESPONSES_STORE_PATH: join(directory, "responses.sqlite") },
    directory,
    [Symbol.asyncDispose]: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** A Redis server of a test's own. */
export interface RedisServer extends StorePlace {
  readonly url: string;
  /** Stops it from answering, and lets it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
  kill(): Promise<void>;
  /** Starts it again, with nothing in it. */
  start(): Promise<void>;
}

export async function startRedis(): Promise<RedisServer> {
  const { directory, [Symbol.asyncDispose]: remove } = openFolder();
  const socket = join(directory, "redis.sock");
  const url = `redis+unix://${socket}`;
  let server: Bun.Subprocess | undefined;

  const kill = async (): Promise<void> => {
    server?.kill("SIGKILL");
    await server?.exited;
    rmSync(socket, { force: true });
  };
  const start = async (): Promise<void> => {
    const options = ["--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", directory];
    server = Bun.spawn([SERVER ?? "", ...options], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    const until = performance.now() + patient(5000);
    while (!existsSync(socket)) {
      if (performance.now() > until) throw new Error("the Redis server did not start");
      await Bun.sleep(5);
    }
  };
  await start();
  return {
    settings: { RESPONSES_STORE: "redis", RESPONSES_STORE_URL: url },
    directory,
    url,
    signal: (signal) => void server?.kill(signal),
    kill,
    start,
    async [Symbol.asyncDispose]() {
      await kill();
      await remove();
    },
  };
}

export const openPlace = (kind: (typeof KINDS)[number]): Promise<StorePlace> | StorePlace =>
  kind === "redis" ? startRedis() : openFolder();

/** A gateway that keeps responses, before providers of one API each. */
export const startKeeping = (
  place: StorePlace,
  environment: Readonly<Record<string, string>> = {},
  substitutes: Substitutes = {},
): Promise<TranslatingGateway> =>
  startTranslating({ ...place.settings, ...environment }, { dialects: DIALECTS, ...substitutes });
