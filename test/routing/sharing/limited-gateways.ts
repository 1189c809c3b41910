import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BACKGROUND_TIMERS, type TimerSource } from "../../../src/core/deadlines.ts";
import { type GatewayProcess, startGateway } from "../../fixtures/start-gateway.ts";

const ANSWER = {
  ...{ id: "c1", object: "chat.completion", created: 1, model: "m" },
  choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};
/** The body of a request. */
export const ASKED = JSON.stringify({ model: "fast", messages: [{ role: "user", content: "hi" }] });

/** A provider that counts how many requests it has at once, and in all. Each takes a moment. */
export function startProvider(status: number, headers: Record<string, string> = {}) {
  const seen = { all: 0, atOnce: 0, most: 0 };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch({ method }) {
      if (method !== "POST") return Response.json({ data: [] });
      seen.all += 1;
      seen.atOnce += 1;
      seen.most = Math.max(seen.most, seen.atOnce);
      await Bun.sleep(5);
      seen.atOnce -= 1;
      return Response.json(status === 200 ? ANSWER : { error: { message: "not now" } }, { status, headers });
    },
  });
  return { seen, url: `${server.url.href}v1`, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** Configuration files, in a folder of their own. */
export function openConfigs() {
  const folder = mkdtempSync(join(tmpdir(), "gateway-sharing-"));
  return {
    writeConfig: (providers: Readonly<Record<string, string>>, limits: string) =>
      writeConfig(folder, providers, limits),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A file with a model `fast` of these providers, each of which has the limits. */
function writeConfig(folder: string, providers: Readonly<Record<string, string>>, limits: string): string {
  const path = join(folder, `${crypto.randomUUID()}.yaml`);
  const ids = Object.keys(providers);
  const lines = [
    "providers:",
    ...ids.map((id) => `  ${id}: { base_url: "${providers[id]}", api_key: sk-${id}-0123456789, apis: [chat] }`),
    ...["models:", "  fast:", "    strategy: priority", "    deployments:"],
    ...ids.map((id) => `      - { provider: ${id}, model: m }`),
    ...(limits === "" ? [] : [`    limits: ${limits}`]),
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

export const start = (config: string, settings: Readonly<Record<string, string>>): Promise<GatewayProcess> =>
  startGateway({ SERVER_PORT: "0", ...settings }, ["--config", config]);

/** A request on a connection of its own. */
export const ask = (url: string): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, { method: "POST", body: ASKED, headers: { connection: "close" } });

/** Redis is waited for as long as a busy machine needs. */
export const PATIENT_TIMERS: TimerSource = {
  ...BACKGROUND_TIMERS,
  setTimer: (callback, delayMs) => BACKGROUND_TIMERS.setTimer(callback, delayMs < 50 ? 10_000 : delayMs),
};
