import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { checkFile } from "../../src/config/file/check-file.ts";
import { faultLine } from "../../src/config/file/config-file.ts";
import { atOnce } from "../../src/core/event-loop.ts";
import { parseYaml } from "../../src/config/file/parse-yaml.ts";
import { readBounded } from "../../src/config/file/read-bounded.ts";
import { accepting } from "../../src/config/file/typed-places.ts";
import type { Ground, Target } from "./target.ts";

const closed = { additionalProperties: false } as const;
const text = (accepted: string, pattern = "[^]") => accepting(accepted, Type.String({ pattern }));
const optional = <Schema extends TSchema>(accepted: string, schema: Schema) =>
  Type.Optional(accepting(accepted, schema));
/** Names that match, each with a text. */
const texts = (accepted: string, pattern = "") => {
  const names = { pattern, description: accepted };
  const schema = Type.Object({}, { additionalProperties: text("text", ""), propertyNames: names });
  return Type.Optional(Type.Unsafe<Texts>(accepting(accepted, schema)));
};

/** One gateway. In texts, `{port}`, `{origin}`, `{base_url}` and `{directory}` are filled in: see bench/README.md. */
const TARGET = Type.Object(
  {
    name: text("a name of a-z, 0-9 and -", "^[a-z][a-z0-9-]*$"),
    command: optional("a list: a program and its arguments", Type.Array(text("text"), { minItems: 1 })),
    url: Type.Optional(text("http://host:port/v1", "^http://[^/]+/[^?#]*$")),
    pid: optional("the id of its process", Type.Integer({ minimum: 1 })),
    environment: texts("variables, each with a text"),
    files: texts("names of files, each with what it holds", "^[\\w.-]+$"),
    headers: texts("names of headers, each with a text"),
    model: Type.Optional(text("what it calls the mock's {model}, such as openai/{model}", "\\{model\\}")),
    path: Type.Optional(text("a path such as /v1/chat/completions", "^/")),
    ready: Type.Optional(text("a path that answers 200 once it serves", "^/")),
    start_seconds: optional("seconds, from 1 to 600", Type.Integer({ minimum: 1, maximum: 600 })),
    version: optional("a list: what prints its version", Type.Array(text("text"), { minItems: 1 })),
    install: Type.Optional(text("how it is installed")),
  },
  closed,
);
const FILE = Type.Object(
  { targets: accepting("a list of targets", Type.Array(accepting("a target", TARGET), { minItems: 1 })) },
  closed,
);
type Entry = Static<typeof TARGET>;

const MAX_FILE_BYTES = 1_048_576;
const PLACES = /\{(port|origin|base_url|directory)\}/g;

/** What is wrong with an entry whose members are all as they should be. */
function faultOf({ command, url, pid, environment, files, headers }: Entry): string | undefined {
  if ((command === undefined) === (url === undefined)) return "expected either command or url";
  if (url !== undefined) return undefined;
  if (pid !== undefined) return "pid goes with url: the process of a command is known";
  const said = JSON.stringify([command, environment, files]);
  if (!said.includes("{port}")) return "expected {port}, where it has to listen, in command, environment or files";
  const isTold = /\{(?:origin|base_url)\}/.test(said + JSON.stringify(headers));
  return isTold ? undefined : "expected {base_url} or {origin}, its provider, in one of these or in headers";
}

type Texts = Readonly<Record<string, string>>;
const fill = (said: string, places: Texts) => said.replace(PLACES, (whole, place: string) => places[place] ?? whole);
const fillAll = (all: Texts, places: Texts) =>
  Object.fromEntries(Object.entries(all).map(([key, said]) => [key, fill(said, places)]));
const placesOf = ({ mockOrigin: origin }: Ground) => ({ origin, base_url: `${origin}/v1` });

/** @param folder where a program that is given by a path is looked for */
function targetOf(entry: Entry, folder: string): Target {
  const { name, command: said, url, files = {}, environment = {}, headers = {}, install } = entry;
  const { pid, model, path, version, ready = "/health", start_seconds: seconds = 30 } = entry;
  const common = {
    name,
    headers: (ground: Ground) => fillAll(headers, placesOf(ground)),
    ...(model && { model }),
    ...(path && { path }),
    ...(version && { version }),
  };
  if (url !== undefined)
    return { ...common, chatUrl: () => `${url.replace(/\/$/, "")}/chat/completions`, ...(pid && { pid }) };
  const [named = "", ...args] = said ?? [];
  const place = named.includes("/") ? resolve(folder, named) : Bun.which(named);
  const isThere = place !== null && existsSync(place);
  return {
    ...common,
    missing: isThere ? undefined : `${named} is not installed${install === undefined ? "" : ` (${install})`}`,
    ready: { path: ready, seconds },
    start(port, ground) {
      const directory = join(ground.directory, `${name}-${port}`);
      const places = { ...placesOf(ground), port: `${port}`, directory };
      mkdirSync(directory, { recursive: true });
      for (const [file, held] of Object.entries(files)) writeFileSync(join(directory, file), fill(held, places));
      const command = [place ?? named, ...args.map((each) => fill(each, places))];
      return { command, environment: fillAll(environment, places), directory };
    },
  };
}

/**
 * Reads a file of targets, YAML or JSON.
 * @param taken names that are no longer free
 * @throws Error with all that is wrong, a line each with its place in the file
 */
export function readTargets(name: string, taken: Iterable<string>): readonly Target[] {
  const read = readBounded(name, MAX_FILE_BYTES);
  if (!read.ok) throw new Error(`${name} cannot be read: ${read.reason}`);
  const { root, faults: syntax } = atOnce(parseYaml(read.text));
  const faults = [...syntax, ...(root ? checkFile(root, FILE).faults : [])];
  if (faults.length > 0) throw new Error(faults.map(({ at, text: what }) => faultLine(name, at, what)).join("\n"));
  const { targets } = Bun.YAML.parse(read.text) as Static<typeof FILE>;
  const names = new Set(taken);
  const problems = targets.flatMap((entry, index) => {
    const problem = names.has(entry.name) ? "there is a target of that name already" : faultOf(entry);
    names.add(entry.name);
    return problem === undefined ? [] : `${name}: targets[${index}] (${entry.name}): ${problem}`;
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return targets.map((entry) => targetOf(entry, dirname(name)));
}
