import { beforeAll, describe, expect, test } from "bun:test";
import { linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { within } from "../fixtures/within.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const PROJECT = join(import.meta.dir, "..", "..");
const BIN = manifest.bin["inference-gateway"];

let built: string;
beforeAll(async () => {
  built = join(scratchFolder("package"), "package");
  const child = Bun.spawn(["sh", join(PROJECT, ".ci", "build"), "--package", built], {
    env: { ...process.env, npm_execpath: process.execPath },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  if ((await child.exited) !== 0) throw new Error(await child.stderr.text());
});

/** Lays the package out as an installer does: its folder, that of Bun's package, and the link that is called. */
function install(own = "node_modules/inference-gateway", bun = "node_modules"): string {
  const root = scratchFolder("installed");
  const folder = join(root, own, dirname(BIN));
  mkdirSync(folder, { recursive: true });
  // Links, since copies of 12 MB for each test cost more than what it starts.
  for (const name of readdirSync(built)) linkSync(join(built, name), join(folder, name));
  const runtime = join(root, bun, "@oven", "bun-this-platform", "bin");
  mkdirSync(runtime, { recursive: true });
  symlinkSync(process.execPath, join(runtime, "bun"));
  const links = join(root, "node_modules", ".bin");
  mkdirSync(links, { recursive: true });
  symlinkSync(relative(links, join(root, own, BIN)), join(links, "inference-gateway"));
  return root;
}

/** Only what every machine has: neither Node nor Bun. */
const programs = scratchFolder("programs");
for (const name of ["sh", "readlink"]) symlinkSync(Bun.which(name) ?? `/bin/${name}`, join(programs, name));

function start(root: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return Bun.spawn([join(root, "node_modules", ".bin", "inference-gateway"), ...args], {
    env: { PATH: programs, ...environment },
    cwd: root,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function runToEnd(root: string, args: readonly string[]) {
  const child = start(root, args);
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, code };
}

describe("the npm package", () => {
  test.each([
    ["npm", "node_modules/inference-gateway", "node_modules"],
    ["nested", "node_modules/inference-gateway", "node_modules/inference-gateway/node_modules"],
    [
      "a store of links",
      "node_modules/.store/inference-gateway@1/node_modules/inference-gateway",
      "node_modules/.store/inference-gateway@1/node_modules",
    ],
  ])("runs with nothing but the Bun that was installed with it: %s", async (_, own, bun) => {
    expect(await runToEnd(install(own, bun), ["--version"])).toEqual({
      code: 0,
      stdout: `${manifest.version}\n`,
      stderr: "",
    });
  });

  test("runs from a folder whose name has spaces, and is given its arguments as they are", async () => {
    const root = install("node_modules/with space/inference-gateway");
    const { code, stderr } = await runToEnd(root, ["--no such option"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("--no such option")]);
  });

  test("says what is missing if Bun was not installed with it", async () => {
    const { code, stderr } = await runToEnd(install("node_modules/inference-gateway", "elsewhere"), ["--version"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("with optional dependencies")]);
  });

  test.each(["1", "2"])(
    "ends on a signal as the gateway does, with its exit code, and reads no settings of its folder: %s process",
    async (workers) => {
      const root = install();
      // With either of them it would not start.
      writeFileSync(join(root, ".env"), "SERVER_PORT=none\n");
      writeFileSync(join(root, "bunfig.toml"), 'preload = ["./missing.ts"]\n');
      const child = start(root, ["--demo"], { SERVER_PORT: "0", SERVER_WORKERS: workers });
      let output = "";
      let told = false;
      const decoder = new TextDecoder();
      for await (const bytes of child.stdout) {
        output += decoder.decode(bytes, { stream: true });
        // A second signal would end it at once.
        if (told || !output.includes('"msg":"listening"')) continue;
        child.kill("SIGTERM");
        told = true;
      }
      expect(await within(child.exited, 5000, "the gateway to end")).toBe(0);
      expect(await child.stderr.text()).toBe("");
      expect(output).toContain('"msg":"stopped"');
    },
  );

  test("holds nothing but what it runs with, and the licences of that", async () => {
    const kinds = new Set(readdirSync(built).map((name) => name.replace(/^.*-[a-z0-9]{8}\./, "*.")));
    expect([...kinds].toSorted()).toEqual(
      ["*.css", "*.js", "THIRD-PARTY-NOTICES.txt", "bunfig.toml", "inference-gateway", "main.js"].toSorted(),
    );
    expect(manifest.files).toEqual([dirname(BIN)]);
    for (const name of readdirSync(built)) {
      expect([name, (await Bun.file(join(built, name)).text()).includes(PROJECT)]).toEqual([name, false]);
    }
  });
});
