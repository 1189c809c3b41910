import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readPage } from "../readme/markdown.ts";
import { readTargets } from "../../bench/targets/targets-file.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const folder = scratchFolder("targets");
const file = join(folder, "targets.yaml");
const ground = { mockOrigin: "http://127.0.0.1:9", directory: folder };

function read(text: string, taken: readonly string[] = []) {
  writeFileSync(file, text);
  return readTargets(file, taken);
}
const GOOD = "name: mine, command: [sh, '{port}', '{base_url}']";

describe("a file of targets that cannot be meant is refused with its place and a reason", () => {
  test.each([
    ["", "the file is empty"],
    ["targets:", ":1:9: targets is not accepted: expected a list of targets, found nothing"],
    ["targets: []", "targets is not accepted: expected a list of targets"],
    ["target: []", "target is not known (did you mean targets?)"],
    ["targets: [{ command: [sh] }]", ":1:11: targets[0].name is not there: expected a name of a-z, 0-9 and -"],
    ["targets: [{ name: Mine }]", "targets[0].name is not accepted: expected a name of a-z, 0-9 and -, found text"],
    [`targets: [{ ${GOOD}, comand: [] }]`, "targets[0].comand is not known (did you mean targets[0].command?)"],
    ["targets: [{ name: mine, command: sh }]", "targets[0].command is not accepted: expected a list: a program and"],
    ["targets: [{ name: mine, url: 'https://h/v1' }]", "targets[0].url is not accepted: expected http://host:port/v1"],
    [
      `targets: [{ ${GOOD}, environment: { A: 1 } }]`,
      "targets[0].environment.A is not accepted: expected text, found a number",
    ],
    [`targets: [{ ${GOOD}, files: { ../a: b } }]`, "is no name that can be used here: expected names of files"],
    [
      `targets: [{ ${GOOD}, model: gpt }]`,
      "targets[0].model is not accepted: expected what it calls the mock's {model}",
    ],
    [
      `targets: [{ ${GOOD}, start_seconds: 0 }]`,
      "targets[0].start_seconds is not accepted: expected seconds, from 1 to 600",
    ],
    ["targets: [{ name: mine }]", "targets[0] (mine): expected either command or url"],
    [`targets: [{ ${GOOD}, url: 'http://h/v1' }]`, "targets[0] (mine): expected either command or url"],
    [`targets: [{ ${GOOD}, pid: 7 }]`, "targets[0] (mine): pid goes with url"],
    [
      "targets: [{ name: mine, command: [sh, '{base_url}'] }]",
      "targets[0] (mine): expected {port}, where it has to listen",
    ],
    ["targets: [{ name: mine, command: [sh, '{port}'] }]", "targets[0] (mine): expected {base_url} or {origin}"],
    [`targets: [{ ${GOOD} }, { ${GOOD} }]`, "targets[1] (mine): there is a target of that name already"],
    [`targets: [{ ${GOOD.replace("mine", "nginx")} }]`, "targets[0] (nginx): there is a target of that name already"],
  ])("%s", (text, reason) => {
    expect(() => read(text, ["nginx"])).toThrow(reason);
    expect(() => read(text, ["nginx"])).toThrow(file);
  });
});

test("what is said is filled in, and files are written", () => {
  const [target] = read(`
targets:
  - name: mine
    command: [sh, -c, "echo {port} {unknown}"]
    environment: { UPSTREAM: "{base_url}", EMPTY: "" }
    files: { config.json: '{ "at": "{origin}", "in": "{directory}" }' }
    headers: { x-host: "{base_url}" }
    model: mine/{model}
    ready: /live
    start_seconds: 7
`);
  const directory = join(folder, "mine-4000");
  expect(target).toMatchObject({ missing: undefined, model: "mine/{model}", ready: { path: "/live", seconds: 7 } });
  expect(target?.start?.(4000, ground)).toEqual({
    command: [expect.stringMatching(/^\/.*\/sh$/), "-c", "echo 4000 {unknown}"],
    environment: { UPSTREAM: "http://127.0.0.1:9/v1", EMPTY: "" },
    directory,
  });
  const written = readFileSync(join(directory, "config.json"), "utf8");
  expect(written).toBe(`{ "at": "http://127.0.0.1:9", "in": "${directory}" }`);
  expect(target?.headers?.(ground)).toEqual({ "x-host": "http://127.0.0.1:9/v1" });
});

test("JSON will do, and a server that is up already", () => {
  const [target] = read('{"targets":[{"name":"up","url":"http://127.0.0.1:4000/v1/","pid":77}]}');
  expect(target).toMatchObject({ name: "up", pid: 77 });
  expect(target?.start).toBeUndefined();
  expect(target?.chatUrl?.(ground)).toBe("http://127.0.0.1:4000/v1/chat/completions");
});

test("a program that is not there is said, with how to install it; one of a path is looked for beside the file", () => {
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeFileSync(join(folder, "bin", "there"), "");
  const entry = (name: string, program: string) =>
    `{ name: ${name}, command: [${program}, "{port}", "{origin}"], install: make it }`;
  const targets = read(
    `targets: [${entry("a", "no-such-gateway")}, ${entry("b", "bin/there")}, ${entry("c", "./gone")}]`,
  );
  expect(targets.map(({ missing }) => missing)).toEqual([
    "no-such-gateway is not installed (make it)",
    undefined,
    "./gone is not installed (make it)",
  ]);
});

test("the example of the bench's page is one", () => {
  const [, example = ""] = /^```yaml\n(.*?)^```$/ms.exec(readPage("bench/README.md")) ?? [];
  expect(read(example).map(({ name }) => name)).toEqual(["mine", "elsewhere"]);
});
