import type { ConfigSource } from "../config-source.ts";
import { type Environment, readVariable } from "../environment.ts";
import { foreignNames } from "../checks/foreign-names.ts";
import { SETTING_ROWS } from "../settings-table.ts";
import { faultLine } from "./config-file.ts";
import { joinFile } from "./join-file.ts";

/**
 * Makes what says where the value of a variable comes from: `gateway.yaml:3:9: server.port`, `environment SERVER_PORT`,
 * `line 2 of --env-file`, or `default`.
 * @param own the environment without the file of `--env-file`
 */
export function createOrigins({ environment, lines, file }: ConfigSource, own: Environment): (name: string) => string {
  const joined = file && joinFile(environment, file);
  const aliases = new Map(SETTING_ROWS.map(([name, row]) => [name as string, row.aliases ?? []]));
  const custom = (readVariable(joined?.environment ?? environment, "CUSTOM_PROVIDERS") ?? "").split(",");
  const foreign = foreignNames(custom.map((id) => id.trim().toLowerCase()).filter((id) => id !== ""));

  const ofEnvironment = (name: string): string | undefined => {
    if (readVariable(own, name) !== undefined) return `environment ${name}`;
    if (readVariable(environment, name) === undefined) return undefined;
    const line = lines?.variables.get(name);
    return line === undefined ? "--config" : `line ${line} of --env-file`;
  };

  return (name) => {
    const value = joined?.values.get(name);
    if (file && value) return faultLine(file.name, value, value.path);
    const others = [...(aliases.get(name) ?? []), ...foreign.flatMap((one) => (one.means === name ? [one.name] : []))];
    const used = [name, ...others].find((spelling) => ofEnvironment(spelling) !== undefined);
    return (used && ofEnvironment(used)) ?? "default";
  };
}
