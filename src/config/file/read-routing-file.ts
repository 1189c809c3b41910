import { Type } from "@sinclair/typebox";
import type { Steps } from "../../core/event-loop.ts";
import type { Environment } from "../environment.ts";
import { checkFile } from "./check-file.ts";
import { type ConfigFile, faultLine } from "./config-file.ts";
import type { Fault } from "./file-node.ts";
import { readParts } from "./file-parts.ts";
import { MODELS } from "./model-section.ts";
import { parseYaml } from "./parse-yaml.ts";
import { readBounded } from "./read-bounded.ts";

/** What the file of `ROUTING_CONFIG_PATH` says: models, as in the configuration file. Can be sent to another process. */
export type RoutingFile = Pick<ConfigFile, "name" | "version" | "models" | "modelNames" | "problems">;

const MAX_FILE_BYTES = 1_048_576;

/** It has one section. https://github.com/inference-gateway/inference-gateway */
const SCHEMA = Type.Object({ models: Type.Optional(MODELS) }, { additionalProperties: false });

/** Reads and checks the file of `ROUTING_CONFIG_PATH`. */
export function* readRoutingFile(name: string, environment: Environment): Steps<RoutingFile> {
  const read = readBounded(name, MAX_FILE_BYTES);
  if (!read.ok) {
    const problem = `ROUTING_CONFIG_PATH=${JSON.stringify(name)} cannot be read: ${read.reason}`;
    return { name, version: "", models: [], modelNames: [], problems: [problem] };
  }
  const version = new Bun.CryptoHasher("sha256").update(read.text).digest("hex").slice(0, 12);
  const { root, faults: syntax } = yield* parseYaml(read.text);
  yield;
  const { parts, faults } = root ? checkFile(root, SCHEMA) : { parts: [], faults: [] };
  const { models, faults: unread } = yield* readParts(parts, environment);
  const lineOf = ({ at, text }: Fault): string => faultLine(name, at, text);
  const problems = [...syntax, ...faults, ...unread]
    .toSorted((one, other) => one.at.line - other.at.line || one.at.column - other.at.column)
    .map(lineOf);
  const section = root?.kind === "map" ? root.entries.get("models")?.value : undefined;
  const modelNames = section?.kind === "map" ? [...section.entries.keys()] : [];
  return { name, version, models, modelNames, problems };
}
