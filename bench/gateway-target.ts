import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Credentials, Rig, Target } from "./targets.ts";

/** One form of the gateway. */
export interface GatewayForm {
  /** File that has to exist. */
  readonly path: string;
  readonly command: readonly string[];
  /** How to come by it. */
  readonly missing: string;
}

const ROOT = resolve(import.meta.dir, "..");
const MAIN = join(ROOT, "src", "main.ts");
const BINARY_PATH = join(ROOT, "dist", "inference-gateway");

export const SOURCE: GatewayForm = {
  path: MAIN,
  command: [process.execPath, MAIN],
  missing: "src/main.ts does not exist",
};
export const BINARY: GatewayForm = {
  path: BINARY_PATH,
  command: [BINARY_PATH],
  missing: "dist/inference-gateway does not exist; `bun run build` makes it",
};

/** What a gateway of the bench differs in from the usual one. */
export interface GatewayOptions {
  /** Settings beside those of every gateway here, which they replace. */
  readonly settings?: (rig: Rig) => Readonly<Record<string, string>>;
  /** Writes the log to a file, instead of throwing it away unread. */
  readonly logToFile?: boolean;
  readonly credentials?: Credentials;
}

/** As most people would run it: one worker, its log in JSON, usage known of every answer, nobody turned away. */
const usualSettings = (port: number, rig: Rig): Readonly<Record<string, string>> => ({
  OPENAI_API_KEY: "bench",
  OPENAI_API_URL: `${rig.mockOrigin}/v1`,
  SERVER_HOST: "127.0.0.1",
  SERVER_PORT: String(port),
  LOG_LEVEL: "info",
  LOG_FORMAT: "json",
  STREAM_USAGE: "always",
});

/** The gateway as a target of the bench, with the mock upstream as its OpenAI provider. */
export function gatewayTarget(name: string, form: GatewayForm, options: GatewayOptions = {}): Target {
  return {
    name,
    ...(existsSync(form.path) ? {} : { missing: form.missing }),
    chatUrl: (port) => `http://127.0.0.1:${port}/v1/chat/completions`,
    start: (port, rig) => ({
      command: form.command,
      environment: { ...usualSettings(port, rig), ...options.settings?.(rig) },
      ...(options.logToFile === true && { outputFile: join(rig.directory, `${name}-${port}.log`) }),
    }),
    ...(options.credentials && { credentials: options.credentials }),
  };
}
