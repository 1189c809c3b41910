import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openService, StartFailure } from "../../src/cli/service.ts";
import { loadConfig } from "../fixtures/load-config.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { lockSlot } from "../../src/telemetry/history/spool-files.ts";
import { forcedTransport } from "../fixtures/start-gateway.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

/** Builds a gateway that keeps requests, and has it listen. @returns what it fails with */
async function failToStart(folder: string, settings: Readonly<Record<string, string>>): Promise<unknown> {
  const loaded = loadConfig({
    ...{ SERVER_PORT: "0", HISTORY_ENABLED: "true", DATA_DIR: folder, ...forcedTransport() },
    ...settings,
  });
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  const log = createLog({ level: "silent", environment: "test" }, { write() {} });
  try {
    const service = await openService({ config: loaded.config, demo: false, version: "test", log });
    await service.listen();
  } catch (error) {
    return error;
  }
  throw new Error("it has started");
}

const taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
afterAll(() => taken.stop(true));

const COLLECTOR = {
  ...{ TELEMETRY_TRACING_ENABLED: "true", OTEL_EXPORTER_OTLP_ENDPOINT: "https://127.0.0.1:1" },
  OTEL_EXPORTER_OTLP_CERTIFICATE: "/nowhere/ca",
};

describe("a start that fails after the history was opened leaves nothing of it:", () => {
  test.each<readonly [string, Readonly<Record<string, string>>]>([
    ["no certificate of the collector", COLLECTOR],
    ["no folder for stored responses", { RESPONSES_STORE: "sqlite", RESPONSES_STORE_PATH: "/nowhere/responses" }],
    ["no file of keys", { AUTH_ENABLED: "true", AUTH_API_KEYS: "@/nowhere/keys" }],
    ["no certificate", { SERVER_TLS_CERT_PATH: "/nowhere/cert", SERVER_TLS_KEY_PATH: "/nowhere/key" }],
    ["the port is in use", { SERVER_HOST: "127.0.0.1", SERVER_PORT: String(taken.port) }],
    [
      "the port of the metrics is in use",
      {
        TELEMETRY_ENABLED: "true",
        TELEMETRY_METRICS_HOST: "127.0.0.1",
        TELEMETRY_METRICS_PORT: String(taken.port),
      },
    ],
  ])("%s", async (_, settings) => {
    const folder = scratchFolder("failed-start");
    const error = await failToStart(folder, settings);
    expect(error).toBeInstanceOf(StartFailure);
    using slot = lockSlot(join(folder, "history-spool"), 0);
    expect(slot?.number).toBe(0);
  });
});
