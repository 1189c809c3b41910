import { loadConfig } from "../fixtures/load-config.ts";
import type { ConfigChanges } from "../../src/config/next-config.ts";
import { createGateway } from "../../src/gateway.ts";
import type { GatewayDependencies } from "../../src/shared-parts.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { forcedTransport } from "../fixtures/start-gateway.ts";
import { patient } from "../fixtures/within.ts";

type Variables = Readonly<Record<string, string>>;

/** A gateway in the process of the test, to which other settings can be applied. */
export interface Reloadable extends AsyncDisposable {
  readonly url: string;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Applies what these variables say, and nothing else. */
  apply(variables: Variables): Promise<ConfigChanges>;
  post(path: string, body: unknown, headers?: Variables): Promise<Response>;
  chat(model: string, more?: object, headers?: Variables): Promise<Response>;
}

function load(variables: Variables) {
  const loaded = loadConfig({
    SERVER_PORT: "0",
    SERVER_SHUTDOWN_TIMEOUT: "0s",
    ...forcedTransport(),
    ...variables,
  });
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.config;
}

export async function openReloadable(
  variables: Variables,
  dependencies: Partial<GatewayDependencies> = {},
): Promise<Reloadable> {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = createLog({ level: "info", environment: "test" }, { write });
  const gateway = await createGateway(load(variables), { log, version: "test", ...dependencies });
  const url = (await gateway.listen()).url.replace("localhost", "127.0.0.1");
  const post: Reloadable["post"] = (path, body, headers = {}) =>
    fetch(url + path, { method: "POST", headers, body: JSON.stringify(body), keepalive: false });
  return {
    url,
    lines,
    apply: async (wanted) => gateway.apply(load(wanted)),
    post,
    chat: (model, more = {}, headers = {}) =>
      post("/v1/chat/completions", { model, messages: [{ role: "user", content: "hi" }], ...more }, headers),
    async [Symbol.asyncDispose]() {
      await gateway.drain(() => {});
    },
  };
}

/** Waits until something is so. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + patient(5000);
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`);
    await Bun.sleep(2);
  }
}
