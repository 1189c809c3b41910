import { expect, test } from "bun:test";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };

test("package.json asks for exact versions and lets no package run a script when it is installed", () => {
  const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  expect(manifest.trustedDependencies).toEqual([]);
});

test("bun.lock has a hash of every package, and fetches none from an address of its own", async () => {
  const lock = await Bun.file(join(import.meta.dir, "..", "..", "bun.lock")).text();
  const { packages } = Bun.JSONC.parse(lock) as { packages: Record<string, readonly unknown[]> };
  const entries = Object.entries(packages);
  expect(entries.length).toBeGreaterThan(100);
  for (const [name, [resolved, address, , hash]] of entries) {
    expect([name, resolved]).toEqual([name, expect.stringMatching(/@\d+\.\d+\.\d+[\w.+-]*$/)]);
    expect([name, address]).toEqual([name, ""]);
    expect([name, hash]).toEqual([name, expect.stringMatching(/^sha512-/)]);
  }
});
