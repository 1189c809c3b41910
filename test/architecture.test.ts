import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const SOURCE = join(import.meta.dir, "../src");

/** The rooms of `src` and how high each stands: a file imports from its own room and from lower ones. */
const RANKS: Readonly<Record<string, number>> = {
  guide: 0,
  core: 0,
  formats: 1,
  providers: 1,
  upstream: 2,
  telemetry: 2,
  routing: 3,
  config: 3,
  pipeline: 4,
  auth: 4,
  stages: 5,
  tools: 5,
  server: 6,
  "shared-observers.ts": 7,
  "shared-parts.ts": 8,
  "snapshot.ts": 9,
  "gateway.ts": 10,
  demo: 11,
  cli: 12,
  "main.ts": 13,
};

/** Every other part takes options of its own. */
const MAY_IMPORT_CONFIG = [
  "config",
  "shared-observers.ts",
  "shared-parts.ts",
  "snapshot.ts",
  "gateway.ts",
  "demo",
  "cli",
  "main.ts",
];

const MAX_ROOMS = 16;
const MAX_GATEWAY_LINES = 150;
/** Of all files together, for nine addresses, tools and answers in the form of a schema, whose size is bounded. */
const MAX_DEMO_LINES = 420;
const MAX_FUNCTION_LINES = 80;
const MAX_FILE_LINES = 200;

/** Files that are longer, how long they may be, and why. */
const LONGER_FILES: Readonly<Record<string, readonly [lines: number, reason: string]>> = {
  "providers/table.ts": [280, "data: one row for each provider"],
  "core/errors.ts": [300, "data: one row for each failure"],
  "core/redact/secret-masker.ts": [250, "one automaton, whose state is read for every byte"],
};

/** Modules with state of their own, and why. All other state has an owner, which was made by a function and can be made twice. */
const MAY_HOLD_STATE: Readonly<Record<string, string>> = {
  "core/event-loop.ts": "the event loop is one for the process",
  "upstream/http1/socket-connection.ts":
    "what leaves is put together in one buffer, where it stays for no longer than a write",
};

const files = [...new Glob("**/*.ts").scanSync(SOURCE)].filter((file) => !file.endsWith(".d.ts")).sort();
const texts = new Map(files.map((file) => [file, readFileSync(join(SOURCE, file), "utf8")]));

/** `src/core/json/edit.ts` is of the room `core`; a file at the top is a room of its own. */
const roomOf = (file: string): string => file.split("/", 1)[0] ?? file;

/** Type imports, re-exports and dynamic imports included; relative to `src`. */
const importsOf = (file: string): string[] =>
  [...(texts.get(file) ?? "").matchAll(/(?:\bfrom |\bimport |\bimport\()"(\.[^"]+)"/g)].map(([, path = ""]) =>
    relative(SOURCE, join(SOURCE, dirname(file), path)),
  );

const arrows = files.flatMap((from) => importsOf(from).map((to) => ({ from, to })));

/** Every file that can be reached again from itself, with the way. */
function findCircles(): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const start = way.indexOf(file);
    if (start >= 0) circles.push([...way.slice(start), file].join(" → "));
    if (start >= 0 || done.has(file)) return;
    for (const next of importsOf(file)) if (texts.has(next)) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return circles;
}

/** The last line of a function's head. The formatter puts what belongs to it at one indentation, and its end too. */
const FUNCTION_HEAD = /(?:=>|\)(?:: .+)?) \{$/;
const NO_FUNCTION = /^(?:\} )?(?:if|else|for|while|switch|catch|try|do)\b/;

interface FunctionLines {
  readonly name: string;
  readonly lines: number;
}

/** The functions of a file, as the formatter indents them: from the first line of the head to the closing brace. */
function functionsOf(text: string): FunctionLines[] {
  const lines = text.split("\n");
  const indents = lines.map((line) => (line === "" ? Infinity : line.length - line.trimStart().length));
  return lines.flatMap((line, last): FunctionLines[] => {
    const indent = indents[last] ?? 0;
    const words = line.trimStart();
    if (!FUNCTION_HEAD.test(line) || NO_FUNCTION.test(words)) return [];
    let first = last;
    // A head of several lines closes its parameters at the indentation that it began with.
    while (/^[)}\]]/.test(lines[first]?.trimStart() ?? "") && first > 0) {
      first -= 1;
      while (first > 0 && (indents[first] ?? 0) > indent) first -= 1;
    }
    const length = indents.slice(last + 1).findIndex((other) => other <= indent);
    const name = /(?:function\*? |const )(\w+)/.exec(lines[first] ?? "")?.[1] ?? `line ${first + 1}`;
    return [{ name, lines: last + 1 + length - first + 1 }];
  });
}

/** Packages that the runtime has itself. */
const OWN_PACKAGE = /^(?:node:|bun$|bun:)/;

/** Packages that every gateway loads, with what its settings ask for or without. */
const LOADED_BY_ALL: string[] = [];

/** Modules of Node's that every gateway loads. Most others bring its streams into memory, which take 1.3 MiB and 5 ms. */
const NODE_LOADED_BY_ALL = ["node:buffer", "node:fs", "node:os", "node:path"];

/** What a file cannot be loaded without: neither its type imports nor what it loads when it is needed. */
function loadedWith(text: string): string[] {
  const imports = text.matchAll(/^(?:import|export) (?!type\b)(?:([^;"]+) from )?"([^"]+)"/gm);
  return [...imports].flatMap(([, names = "", path = ""]) => {
    const inBraces = /^\{(.+)\}$/s.exec(names.trim())?.[1]?.split(",") ?? [""];
    return inBraces.every((name) => /^\s*(?:type .+)?$/.test(name)) && names.startsWith("{") ? [] : [path];
  });
}

const linesOf = (file: string): number => (texts.get(file) ?? "").split("\n").length - 1;

/** What changes a value: a method of a collection, an assignment to a member or an element. An expression begins anew with each `lastIndex`. */
const CHANGE = String.raw`(?:\.(?:set|add|delete|clear|push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin|write\w*)\(|(?:\??\.(?!lastIndex)\w+|\[[^\]]+\])+ ?(?:[-+*/|&^?]{0,3}=(?!=|>)|\+\+|--))`;

/** Names at the top of a file whose values change after it was loaded, and values made by a function that makes what has state. */
function stateOf(text: string): string[] {
  const statements = text.split(/\n(?=\S)/);
  // What runs when the file is loaded may fill a table.
  const later = statements.filter((statement) => !/^(?:for|if|while)\b/.test(statement)).join("\n");
  return statements.flatMap((statement) => {
    const [, kind = "", name = "", value = ""] =
      /^(?:export )?(let|var|const) (\w+)[^=]*=\s*(.*)/.exec(statement) ?? [];
    if (kind === "") return [];
    const isChanged = new RegExp(String.raw`\n\s.*(?<![.\w])${name}${CHANGE}`).test(later);
    const isMade = /^(?:new Weak|Buffer\.allocUnsafe|(?:create(?!HeaderMatcher)|open(?!Object)|start)[A-Z]\w*\()/.test(
      value,
    );
    return kind !== "const" || isChanged || isMade ? [name] : [];
  });
}

describe("the source", () => {
  test("has at most 16 rooms, each of them in the list", () => {
    const rooms = [...new Set(files.map(roomOf))];
    expect(rooms.filter((room) => RANKS[room] === undefined)).toEqual([]);
    expect(rooms.filter((room) => !room.endsWith(".ts")).length).toBeLessThanOrEqual(MAX_ROOMS);
  });

  test("imports downwards only", () => {
    const isClimbing = (from: string, to: string): boolean => from !== to && (RANKS[to] ?? 0) >= (RANKS[from] ?? 0);
    const inSource = arrows.filter(({ to }) => texts.has(to));
    // Otherwise nothing was looked at.
    expect(inSource.length).toBeGreaterThan(files.length);
    expect(inSource.filter(({ from, to }) => isClimbing(roomOf(from), roomOf(to)))).toEqual([]);
  });

  test("has no two folders side by side that need each other", () => {
    const pairs = new Set(arrows.map(({ from, to }) => `${dirname(from)} → ${dirname(to)}`));
    const isWithin = (one: string, other: string): boolean => other === "." || `${one}/`.startsWith(`${other}/`);
    const mutual = [...pairs].filter((pair) => {
      const [one = "", other = ""] = pair.split(" → ");
      return !isWithin(one, other) && !isWithin(other, one) && pairs.has(`${other} → ${one}`);
    });
    expect(mutual).toEqual([]);
  });

  test("has no circle of imports", () => {
    expect(findCircles()).toEqual([]);
  });

  test("loads packages that few gateways need when they are needed", () => {
    const packages = new Set<string>();
    const reached = new Set(["main.ts", "cli/run-command.ts", "cli/open-log.ts", "cli/serve.ts", "gateway.ts"]);
    const ofNode = new Set<string>();
    for (const file of reached) {
      for (const path of loadedWith(texts.get(file) ?? "")) {
        const target = relative(SOURCE, join(SOURCE, dirname(file), path));
        if (path.startsWith(".")) reached.add(target);
        else if (path.startsWith("node:")) ofNode.add(path);
        else if (!OWN_PACKAGE.test(path)) packages.add(path);
      }
    }
    // Otherwise nothing was looked at.
    expect(reached.size).toBeGreaterThan(files.length / 3);
    expect([...packages].sort()).toEqual(LOADED_BY_ALL);
    expect([...ofNode].sort()).toEqual(NODE_LOADED_BY_ALL);
    const isOfTelemetry = /^(?:telemetry\/(?:metrics|otlp|traces)\/|server\/handlers\/push)/;
    expect([...reached].filter((file) => isOfTelemetry.test(file))).toEqual([]);
  });

  test("knows the configuration only where it is put together", () => {
    const found = arrows.filter(({ from, to }) => roomOf(to) === "config" && !MAY_IMPORT_CONFIG.includes(roomOf(from)));
    expect(found).toEqual([]);
  });

  test("keeps no state in its modules", () => {
    const faults = [
      "let next = 0;",
      "const known = new WeakMap<object, number>();",
      "const known: Map<string, number> = new Map(ENTRIES);\n\nfunction add(): void {\n  known.set(1, 2);\n}",
      "export const counts = { a: 0 };\n\nfunction add(): void {\n  counts.a += 1;\n}",
      "const seen: string[] = [];\n\nfunction add(one: string): void {\n  seen[seen.length] = one;\n}",
      "const slots = createSlots(2);",
      "const leaving = Buffer.allocUnsafe(1024);",
    ];
    expect(faults.map((fault) => stateOf(`${fault}\n`).length)).toEqual(faults.map(() => 1));
    const table = "const MARKS = new Uint8Array(256);\nfor (const mark of MANY) {\n  MARKS[mark] = 1;\n}\n";
    expect(stateOf(`${table}\nconst at = (one: number) => MARKS[one] === 1;\n`)).toEqual([]);
    const found = files.flatMap((file) => stateOf(texts.get(file) ?? "").map((name) => `${file} ${name}`));
    expect(found.filter((each) => MAY_HOLD_STATE[each.split(" ", 1)[0] ?? ""] === undefined)).toEqual([]);
    expect(new Set(found.map((each) => each.split(" ", 1)[0] ?? ""))).toEqual(new Set(Object.keys(MAY_HOLD_STATE)));
  });

  test("has no function that is longer than a page", () => {
    const found = files.flatMap((file) => functionsOf(texts.get(file) ?? "").map((each) => ({ file, ...each })));
    expect(found.length).toBeGreaterThan(files.length);
    const tooLong = found.filter(({ lines }) => lines > MAX_FUNCTION_LINES);
    expect(tooLong).toEqual([]);
  });

  test("has files of a page or two", () => {
    const lengths = files.map(linesOf).sort((one, other) => one - other);
    const median = lengths[lengths.length >> 1];
    expect(median).toBeGreaterThanOrEqual(60);
    expect(median).toBeLessThanOrEqual(120);
    const isTooLong = (file: string): boolean => linesOf(file) > (LONGER_FILES[file]?.[0] ?? MAX_FILE_LINES);
    expect(files.filter(isTooLong).map((file) => `${file} ${linesOf(file)}`)).toEqual([]);
    expect(linesOf("gateway.ts")).toBeLessThanOrEqual(MAX_GATEWAY_LINES);
    const ofDemo = files.filter((file) => roomOf(file) === "demo").map(linesOf);
    expect(ofDemo.reduce((sum, lines) => sum + lines, 0)).toBeLessThanOrEqual(MAX_DEMO_LINES);
  });
});

describe("the tests", () => {
  /** A matcher that waits for a promise; test/fixtures/rejection.ts has what to use instead, and why. */
  const WAITING_MATCHER = /\.(?:rejects|resolves)\b|\bexpect\(\s*async\b/;

  test("wait for nothing within a matcher", () => {
    const tests = [...new Glob("**/*.ts").scanSync(import.meta.dir)];
    expect(tests.length).toBeGreaterThan(100);
    const waits = (file: string): boolean => WAITING_MATCHER.test(readFileSync(join(import.meta.dir, file), "utf8"));
    expect(tests.filter(waits)).toEqual([]);
  });
});
