import { expect, test } from "bun:test";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { packageManager } from "../../package.json" with { type: "json" };
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const PROJECT = join(import.meta.dir, "..", "..");

interface Audited {
  readonly code: number;
  readonly output: string;
}

/** Runs the audit of a project against a registry, with the Bun of this process. */
async function audit(registry: string, project = PROJECT, options: readonly string[] = []): Promise<Audited> {
  const programs = scratchFolder("audit");
  symlinkSync(process.execPath, join(programs, "bun"));
  const child = Bun.spawn(["sh", join(project, ".ci", "audit"), ...options], {
    env: { PATH: `${programs}:${process.env["PATH"]}`, BUN_CONFIG_REGISTRY: registry, NO_COLOR: "1" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, output: stdout + stderr };
}

/** A registry that gives one answer, and the names it was asked about. */
function openRegistry(answer: () => Response) {
  const asked: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      asked.push(...Object.keys(JSON.parse(gunzipSync(await request.bytes()).toString()) as object));
      return answer();
    },
  });
  return { url: server.url.href, asked, [Symbol.asyncDispose]: () => server.stop(true) };
}

const ADVISORY = {
  id: 1,
  url: "https://example.org/GHSA-aaaa-bbbb-cccc",
  title: "Something bad",
  severity: "low",
  vulnerable_versions: "<=999.0.0",
};

test("passes if nothing is known of any package, and asks about all of them", async () => {
  await using registry = openRegistry(() => Response.json({}));
  expect(await audit(registry.url)).toMatchObject({ code: 0 });
  expect(registry.asked).toContain("elysia");
  expect(registry.asked).toContain("openai");
  expect(registry.asked.length).toBeGreaterThan(100);
});

test("fails on whatever is known, unless it is named as of no concern", async () => {
  await using registry = openRegistry(() => Response.json({ elysia: [ADVISORY] }));
  const { code, output } = await audit(registry.url);
  expect([code, output]).toEqual([1, expect.stringContaining("Something bad")]);
  expect(await audit(registry.url, PROJECT, ["--ignore=GHSA-aaaa-bbbb-cccc"])).toMatchObject({ code: 0 });
});

test.each([
  ["405", () => new Response("", { status: 405 }), "it answers 405 to the question"],
  ["404", () => new Response("", { status: 404 }), "it answers 404 to the question"],
  ["no JSON", () => new Response("<html>"), "its answer is no JSON"],
])("neither passes nor fails where the registry answers %s, and says why", async (_, answer, reason) => {
  await using registry = openRegistry(answer);
  const { code, output } = await audit(registry.url);
  expect([code, output]).toEqual([
    3,
    expect.stringContaining(`Not audited: the package registry does not say what is known, ${reason}.`),
  ]);
});

test("neither passes nor fails if the registry cannot be reached", async () => {
  const { code, output } = await audit("http://127.0.0.1:1/");
  expect([code, output]).toEqual([3, expect.stringContaining("it cannot be reached (ConnectionRefused)")]);
});

test("fails if the lock file does not pin what package.json asks for", async () => {
  const project = scratchFolder("audit");
  mkdirSync(join(project, ".ci"));
  for (const script of ["audit", "bun"]) copyFileSync(join(PROJECT, ".ci", script), join(project, ".ci", script));
  const manifest = (dependencies: object): string =>
    JSON.stringify({ name: "x", packageManager, dependencies }, null, 2);
  writeFileSync(join(project, "package.json"), manifest({ "lru-cache": "11.5.3" }));
  writeFileSync(
    join(project, "bun.lock"),
    JSON.stringify({ lockfileVersion: 1, workspaces: { "": { name: "x" } }, packages: {} }),
  );
  await using registry = openRegistry(() => Response.json({}));
  const { code, output } = await audit(registry.url, project);
  expect([code, output]).toEqual([1, expect.stringContaining("bun.lock does not pin what package.json asks for.")]);
  expect(registry.asked).toEqual([]);
});
