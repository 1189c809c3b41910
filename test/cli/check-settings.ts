import { version } from "../../package.json" with { type: "json" };
import { openService, StartFailure } from "../../src/cli/service.ts";
import { describeSetup } from "../../src/cli/describe-setup.ts";
import { loadConfig } from "../fixtures/load-config.ts";
import { createLog } from "../../src/telemetry/log.ts";
import type { Ended } from "./run-to-end.ts";

/**
 * What `--check` says of settings, and with which code it ends, in this process and from the functions that `src/main.ts`
 * calls: at a hundredth of the cost of `runToEnd`, for tables of settings. A start that is refused says the same.
 */
export async function checkSettings(environment: Readonly<Record<string, string>>): Promise<Ended> {
  const loaded = loadConfig({ SERVER_PORT: "0", ...environment });
  const warnings = loaded.warnings.map((warning) => `warning: ${warning}\n`).join("");
  if (!loaded.ok)
    return { code: 2, stdout: "", stderr: warnings + loaded.problems.map((line) => `${line}\n`).join("") };
  const { config } = loaded;
  const { LOG_LEVEL: level, ENVIRONMENT: environmentName } = config.settings;
  let lines = "";
  const log = createLog({ level, environment: environmentName }, { write: (line) => void (lines += line) });
  try {
    const service = await openService({ config, demo: false, log, version });
    await service.drain(() => {});
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    return { code: error.exitCode, stdout: lines, stderr: `${warnings}${error.message}\n` };
  }
  return { code: 0, stdout: lines + describeSetup(config, false).join("\n"), stderr: warnings };
}
