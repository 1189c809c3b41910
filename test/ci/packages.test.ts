import { expect, test } from "bun:test";
import { Glob } from "bun";
import { join } from "node:path";
import { PLATFORMS, runtimePackage } from "../../.ci/archives/platforms.ts";
import manifest from "../../package.json" with { type: "json" };

const ROOT = join(import.meta.dir, "..", "..");

/** The package that a line imports from; a module of the runtime has a colon, or is `bun`. */
const PACKAGE =
  /^(?:(?:import|export) (?:.* from )?|\} from )"((?:@[\w.-]+\/)?(?!bun")\w[\w.-]*)(?:\/[^":]*)?"|\bimport\("((?:@[\w.-]+\/)?(?!bun")\w[\w.-]*)(?:\/[^":]*)?"\)/gm;

test("package.json asks for exact versions and lets no package run a script when it is installed", () => {
  const versions = Object.values({ ...manifest.optionalDependencies, ...manifest.devDependencies });
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  expect(manifest.trustedDependencies).toEqual([]);
});

test("package.json asks for the Bun of each platform in one version, and for nothing else that is not bundled", () => {
  expect(manifest).not.toContainKey("dependencies");
  const bun = manifest.packageManager.replace("bun@", "");
  expect(manifest.optionalDependencies).toEqual(
    Object.fromEntries(PLATFORMS.map((platform) => [runtimePackage(platform), bun])) as never,
  );
  expect(manifest.devDependencies["bun-types"]).toBe(bun);
});

test("bun.lock has a hash of every package, and fetches none from an address of its own", async () => {
  const lock = await Bun.file(join(ROOT, "bun.lock")).text();
  const { packages } = Bun.JSONC.parse(lock) as { packages: Record<string, readonly unknown[]> };
  const entries = Object.entries(packages);
  expect(entries.length).toBeGreaterThan(100);
  for (const [name, [resolved, address, , hash]] of entries) {
    expect([name, resolved]).toEqual([name, expect.stringMatching(/@\d+\.\d+\.\d+[\w.+-]*$/)]);
    expect([name, address]).toEqual([name, ""]);
    expect([name, hash]).toEqual([name, expect.stringMatching(/^sha512-/)]);
  }
});

test("every package that a file imports is in package.json, types included", async () => {
  const asked = new Set(Object.keys(manifest.devDependencies));
  let found = 0;
  for (const file of new Glob("{src,test,bench,.ci}/**/*.ts").scanSync({ cwd: ROOT, dot: true })) {
    const text = await Bun.file(join(ROOT, file)).text();
    for (const [, named, later = ""] of text.matchAll(PACKAGE)) {
      const name = named ?? later;
      expect([file, name, asked.has(name)]).toEqual([file, name, true]);
      found += 1;
    }
  }
  expect(found).toBeGreaterThan(100);
});
