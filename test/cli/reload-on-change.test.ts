import { expect, test } from "bun:test";
import { createReloads } from "../../src/cli/reload-on-change.ts";
import type { ReadSource } from "../../src/config/config-source.ts";
import type { ConfigFile } from "../../src/config/file/config-file.ts";
import { settle } from "../fixtures/manual-clock.ts";

const fileOf = (version: string, problems: readonly string[] = []): ConfigFile => ({
  ...{ name: "gateway.yaml", version, values: {}, providers: {}, servers: [], paths: {}, references: [], problems },
  ...{ models: [], modelNames: [], providerParts: [], prices: [] },
  isWhole: problems.length === 0,
});

function open() {
  let held: ReadSource = { ok: true, source: { environment: {}, file: fileOf("1") } };
  let reads = 0;
  const applied: ReadSource[] = [];
  const gates: (() => void)[] = [];
  const reloads = createReloads({
    source: { environment: {}, file: fileOf("1") },
    async read() {
      reads += 1;
      return held;
    },
    apply(read) {
      applied.push(read);
      return new Promise<void>((resolve) => gates.push(resolve));
    },
  });
  return {
    ...{ reloads, applied, reads: () => reads },
    hold: (next: ReadSource) => (held = next),
    async done() {
      gates.shift()?.();
      await settle();
    },
  };
}

test("what is asked for while one goes on is done once, after it", async () => {
  const { reloads, applied, reads, done } = open();
  for (let count = 0; count < 5; count += 1) reloads.reload();
  await settle();
  expect([reads(), applied.length]).toEqual([1, 1]);
  await done();
  expect([reads(), applied.length]).toEqual([2, 2]);
  await done();
  expect([reads(), applied.length]).toEqual([2, 2]);
});

test("a file that holds the same as before is applied only if that was asked for", async () => {
  const { reloads, applied, hold, done } = open();
  reloads.reloadIfChanged();
  await settle();
  expect(applied).toHaveLength(0);
  hold({ ok: true, source: { environment: {}, file: fileOf("2") } });
  reloads.reloadIfChanged();
  await settle();
  await done();
  reloads.reloadIfChanged();
  await settle();
  expect(applied).toHaveLength(1);
  reloads.reload();
  await settle();
  await done();
  expect(applied).toHaveLength(2);
});

test("the file of ROUTING_CONFIG_PATH is one of them", async () => {
  const { reloads, applied, hold, done } = open();
  const routing = { name: "routing.yaml", version: "a", models: [], modelNames: [], problems: [] };
  for (const version of ["a", "a", "b"]) {
    hold({ ok: true, source: { environment: {}, file: fileOf("1"), routing: { ...routing, version } } });
    reloads.reloadIfChanged();
    await settle();
    await done();
  }
  expect(applied.map((read) => read.ok && read.source.routing?.version)).toEqual(["a", "b"]);
});

test("a file that cannot be read is told once, until it can be", async () => {
  const { reloads, applied, hold, done } = open();
  for (const version of ["", "", "1", "1"]) {
    hold({ ok: true, source: { environment: {}, file: fileOf(version, version === "" ? ["gone"] : []) } });
    reloads.reloadIfChanged();
    await settle();
    await done();
  }
  expect(applied.map((read) => read.ok && read.source.file?.version)).toEqual(["", "1"]);
});
