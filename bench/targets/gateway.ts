import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Credentials, Target } from "./target.ts";

const ROOT = resolve(import.meta.dir, "..", "..");
const BINARY = join(ROOT, "dist", "inference-gateway");

/** What a gateway of the bench differs in from the usual one. */
export interface GatewayOptions {
  /** Settings beside those of every gateway here, which they replace. */
  readonly settings?: Readonly<Record<string, string>>;
  /** `dist/inference-gateway` instead of the source. */
  readonly binary?: boolean;
  /** Keeps a history of requests, in a database of its own. */
  readonly keepsHistory?: boolean;
  /** Writes the log to a file, instead of throwing it away unread. */
  readonly logToFile?: boolean;
  /** These are of the {@link Target}. */
  readonly credentials?: Credentials;
  readonly path?: string;
  readonly model?: string;
}

/** As most people would run it: one worker, its log in JSON, usage known of every answer, nobody turned away. */
const USUAL = {
  OPENAI_API_KEY: "bench",
  SERVER_HOST: "127.0.0.1",
  LOG_LEVEL: "info",
  LOG_FORMAT: "json",
  STREAM_USAGE: "always",
};

/** Settings under which what providers keep waiting ends within seconds. */
export const SHORT_DEADLINES = {
  CLIENT_CONNECT_TIMEOUT: "2s",
  CLIENT_RESPONSE_HEADER_TIMEOUT: "2s",
  CLIENT_TIMEOUT: "4s",
  CLIENT_STREAM_IDLE_TIMEOUT: "2s",
} as const;

/** The gateway as a target of the bench, with the mock as its OpenAI provider. */
export function gatewayTarget(name: string, options: GatewayOptions = {}): Target {
  const { settings, binary = false, keepsHistory = false, logToFile = false, credentials, path, model } = options;
  const isMissing = binary && !existsSync(BINARY);
  const command = binary ? [BINARY] : [process.execPath, join(ROOT, "src", "main.ts")];
  return {
    name,
    version: [...command, "--version"],
    ...(isMissing && { missing: "dist/inference-gateway does not exist; `bun run build` makes it" }),
    ...(binary && !isMissing && { binaryBytes: statSync(BINARY).size }),
    ...(credentials && { credentials }),
    ...(path && { path }),
    ...(model && { model }),
    start: (port, { mockOrigin, directory }) => ({
      command,
      environment: {
        ...USUAL,
        SERVER_PORT: String(port),
        OPENAI_API_URL: `${mockOrigin}/v1`,
        ...settings,
        ...(keepsHistory && { HISTORY_ENABLED: "true", DATA_DIR: join(directory, `${name}-${port}`) }),
      },
      ...(logToFile && { outputFile: join(directory, `${name}-${port}.log`) }),
    }),
  };
}
