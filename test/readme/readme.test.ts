import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PROVIDER_TABLE } from "../../src/providers/table.ts";
import { ROUTES, type RouteRow } from "../../src/server/routes.ts";
import { type RunningGateway, startGateway } from "../fixtures/start-gateway.ts";
import { generatedTables } from "./generated-tables.ts";
import { expectShown, hasCurl, run, runCurl } from "./run-shown.ts";
import { codeBlocks, generatedPart, headingAnchors, prose, PROJECT, README, withGeneratedPart } from "./readme-file.ts";

if (process.env["UPDATE_README"] === "1") {
  const updated = Object.entries(generatedTables()).reduce(
    (markdown, [name, part]) => withGeneratedPart(markdown, name, part),
    readFileSync(README, "utf8"),
  );
  writeFileSync(README, updated);
}
const readme = readFileSync(README, "utf8");

describe("the README", () => {
  // Where this fails after a change of the code: UPDATE_README=1 bun test test/readme
  test.each(Object.entries(generatedTables()))("has its %s as the code has them", (name, part) => {
    expect(generatedPart(readme, name)).toBe(part);
  });

  test("has no link into nowhere", () => {
    const anchors = headingAnchors(readme);
    const targets = [...prose(readme).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    const relative = targets.filter((target) => !/^[a-z]+:/.test(target));
    expect(relative.length).toBeGreaterThan(20);
    const dead = relative.filter((target) =>
      target.startsWith("#") ? !anchors.has(target.slice(1)) : !existsSync(join(dirname(README), target)),
    );
    expect(dead).toEqual([]);
  });

  test("names every provider, every route and every room of the source", () => {
    const rooms = readdirSync(join(PROJECT, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const wanted = [
      ...Object.keys(PROVIDER_TABLE).map((id) => `| \`${id}\``),
      ...rooms.map(({ name }) => `| \`${name}/\``),
      ...Object.values<RouteRow>(ROUTES)
        .filter((row) => !row.paths.includes("/swagger"))
        .flatMap((row) => row.paths.map((path) => `${row.method === "ALL" ? "ANY" : row.method} ${spelled(path)}`)),
    ];
    expect(wanted.filter((text) => !readme.includes(text))).toEqual([]);
  });
});

/** A path of the routes' table as the README writes it. */
function spelled(path: string): string {
  if (path.includes("/proxy/")) return path.replace("*", "{provider}/{path}");
  return path.replace("*", "{id}");
}

describe("what the README shows", () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway({ ERROR_FORMAT: "openai" }, ["--demo"]);
  });
  afterAll(() => gateway.stop());

  const blocks = codeBlocks(readme);
  const here = (code: string): string => code.replaceAll("http://localhost:8080", gateway.url);
  const firstMinute = blocks.filter(({ section }) => section === "First minute");
  const curls = firstMinute.flatMap(({ language, code }, index) =>
    language === "sh" ? [[code.split("\n", 1)[0] ?? "", code, firstMinute[index + 1]?.code ?? ""] as const] : [],
  );

  test("is a streamed chat, a tool call and more", () => {
    expect(curls.length).toBeGreaterThanOrEqual(3);
    expect(curls[0]?.[1]).toContain('"stream": true');
    expect(curls[1]?.[1]).toContain('"tools"');
  });

  if (!hasCurl) console.warn("curl is not on this machine: the README's first minute is not tried.");

  test.concurrent.skipIf(!hasCurl).each(curls)("in the first minute happens: %s", async (_, code, shown) => {
    expectShown(await runCurl(here(code)), shown);
  });

  const snippets = blocks.flatMap(({ language, code }) =>
    language === "js" && code.includes("demo/demo-chat")
      ? [[/from "([^"]+)"/.exec(code)?.[1] ?? "", code] as const]
      : [],
  );

  test("has snippets of several SDKs", () => {
    expect(snippets.map(([name]) => name)).toEqual(["openai", "@ai-sdk/openai-compatible", "@inference-gateway/sdk"]);
  });

  test.concurrent.each(snippets)("for %s happens", async (_, code) => {
    expect(await run([process.execPath, "run", "-"], here(code))).toContain("“Hello!”");
  });
});
