import type { Steps } from "../../core/event-loop.ts";
import { type Environment, readVariable } from "../environment.ts";
import { checkFile, type Said } from "./check-file.ts";
import { type ConfigFile, faultLine } from "./config-file.ts";
import { type Fault, type FileNode, type MapEntry, type MapNode, shownPath } from "./file-node.ts";
import { readParts } from "./file-parts.ts";
import { FILE_SCHEMA } from "./file-schema.ts";
import { referencesOf } from "./fill-in.ts";
import { SERVER_NAME } from "./mcp-section.ts";
import { parseYaml } from "./parse-yaml.ts";
import { CUSTOM_ID } from "./provider-section.ts";
import { readBounded } from "./read-bounded.ts";
import { placesOf } from "./saying.ts";
import { type FileValue, writeVariable } from "./write-variables.ts";

const MAX_FILE_BYTES = 1_048_576;

/** What of a file is known of one that cannot be looked at. */
const NOTHING = {
  values: {},
  providers: {},
  servers: [],
  paths: {},
  references: [],
  isWhole: false,
  models: [],
  modelNames: [],
  providerParts: [],
  prices: [],
} as const;

/**
 * Reads and checks a configuration file, and fills in its references.
 * @param environment fills them in, and says which variables are set and need nothing from the file
 */
export function* readConfigFile(name: string, environment: Environment): Steps<ConfigFile> {
  const read = readBounded(name, MAX_FILE_BYTES);
  if (!read.ok) {
    const problem = `--config ${JSON.stringify(name)} cannot be read: ${read.reason}`;
    return { ...NOTHING, name, version: "", problems: [problem] };
  }
  const version = new Bun.CryptoHasher("sha256").update(read.text).digest("hex").slice(0, 12);
  const { root, faults } = yield* parseYaml(read.text);
  const lineOf = ({ at, text }: Fault): string => faultLine(name, at, text);
  if (root === undefined) return { ...NOTHING, name, version, problems: faults.map(lineOf) };
  return { name, version, ...(yield* readValues(root, faults, lineOf, environment)) };
}

function* readValues(
  root: FileNode,
  syntax: readonly Fault[],
  lineOf: (fault: Fault) => string,
  environment: Environment,
): Steps<Omit<ConfigFile, "name" | "version">> {
  const { said, parts, faults } = checkFile(root, FILE_SCHEMA);
  yield;
  const { values, faults: unwritable } = writeVariables(said, environment);
  const { models, providerParts, prices, faults: unread } = yield* readParts(parts, environment);
  yield;
  const found = [...syntax, ...faults, ...unwritable, ...unread];
  const providers = entriesOf(root, ["providers"]).filter(([id]) => new RegExp(CUSTOM_ID).test(id));
  const servers = entriesOf(root, ["mcp", "servers"]).filter(([name]) => new RegExp(SERVER_NAME).test(name));
  const names = new Map([
    ["providers", providers.map(([id]) => id)],
    ["mcp.servers", servers.map(([name]) => name)],
  ]);
  yield;
  const places = placesOf(FILE_SCHEMA, names);
  yield;
  const paths = places.map(({ path, saying }) => [saying.variable(path), shownPath(path)] as const);
  yield;
  const references = [...said, ...parts].flatMap(({ node }) => textsOf(node)).flatMap(referencesOf);
  yield;
  return {
    values,
    providers: Object.fromEntries(providers.map(([id, { at }]) => [id, at])),
    servers: servers.map(([name]) => name),
    models,
    providerParts,
    prices,
    modelNames: entriesOf(root, ["models"]).map(([name]) => name),
    // What can be said in two ways is named by the first.
    paths: Object.fromEntries(paths.toReversed()),
    references: [...new Set(references)],
    problems: found
      .toSorted((one, other) => one.at.line - other.at.line || one.at.column - other.at.column)
      .map(lineOf),
    isWhole: true,
  };
}

/** The texts of all variables that the file says and the environment does not, and what is wrong with others. */
function writeVariables(said: readonly Said[], environment: Environment) {
  const values: Record<string, FileValue> = {};
  const faults: Fault[] = [];
  for (const one of said) {
    const variable = one.saying.variable(one.path);
    const isOwn = one.saying.notation === "keys" && textsOf(one.node).flatMap(referencesOf).includes(variable);
    if (!isOwn && readVariable(environment, variable) !== undefined) continue;
    const written = writeVariable(one, environment);
    if (written === undefined) continue;
    const value = isOwn && "path" in written ? { ...written, hasOwnVariable: true as const } : written;
    if (!("path" in value)) {
      faults.push(value);
      continue;
    }
    const before = values[variable];
    if (before === undefined) values[variable] = value;
    else if (before.text !== value.text || !Bun.deepEquals(before.furtherKeys ?? [], value.furtherKeys ?? [])) {
      faults.push({
        at: one.node.at,
        text: `${value.path} says something else than ${before.path} in line ${before.line}, which is the same setting`,
      });
    }
  }
  return { values, faults };
}

/** The entries of a map in the file, by the keys on the way to it. */
function entriesOf(root: FileNode, path: readonly string[]): readonly (readonly [string, MapEntry])[] {
  const at = path.reduce<FileNode | undefined>((node, key) => mapOf(node)?.entries.get(key)?.value, root);
  return [...(mapOf(at)?.entries ?? [])];
}

const mapOf = (node: FileNode | undefined): MapNode | undefined => (node?.kind === "map" ? node : undefined);

function textsOf(node: FileNode): readonly string[] {
  if (node.kind === "list") return node.items.flatMap(textsOf);
  if (node.kind === "map") return [...node.entries.values()].flatMap(({ value }) => textsOf(value));
  return typeof node.value === "string" ? [node.value] : [];
}
