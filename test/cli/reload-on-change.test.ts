import { describe, expect, test } from "bun:test";
import { createReloads } from "../../src/cli/reload-on-change.ts";
import type { ConfigSource, ReadSource } from "../../src/config/config-source.ts";
import type { ConfigFile } from "../../src/config/file/config-file.ts";
import type { LoadedConfig } from "../../src/config/load-config.ts";
import { createManualClock, settle } from "../fixtures/manual-clock.ts";

const fileOf = (version: string, problems: readonly string[] = []): ConfigFile => ({
  ...{ name: "gateway.yaml", version, values: {}, providers: {}, servers: [], paths: {}, references: [], problems },
  ...{ models: [], modelNames: [], providerParts: [], prices: [] },
  isWhole: problems.length === 0,
});

/** A reload takes several turns of the event loop. */
async function turns(): Promise<void> {
  for (let count = 0; count < 5; count += 1) await settle();
}

function open() {
  let held: ReadSource = { ok: true, source: { environment: {}, file: fileOf("1") } };
  let reads = 0;
  const clock = createManualClock();
  const applied: { readonly loaded: LoadedConfig; readonly source: ConfigSource | undefined }[] = [];
  const gates: (() => void)[] = [];
  const reloads = createReloads({
    source: { environment: {}, file: fileOf("1") },
    async read() {
      reads += 1;
      return held;
    },
    apply(loaded, source) {
      applied.push({ loaded, source });
      return new Promise<void>((resolve) => gates.push(resolve));
    },
    watch: { timers: clock },
  });
  return {
    ...{ clock, reloads, applied, reads: () => reads },
    hold: (next: ReadSource) => (held = next),
    async done() {
      gates.shift()?.();
      await turns();
    },
  };
}

test("what is asked for while one goes on is done once, after it", async () => {
  const { reloads, applied, reads, done } = open();
  for (let count = 0; count < 5; count += 1) reloads.reload();
  await turns();
  expect([reads(), applied.length]).toEqual([1, 1]);
  await done();
  expect([reads(), applied.length]).toEqual([2, 2]);
  await done();
  expect([reads(), applied.length]).toEqual([2, 2]);
});

test("a file that holds the same as before is applied only if that was asked for", async () => {
  const { reloads, applied, hold, done } = open();
  reloads.reloadIfChanged();
  await turns();
  expect(applied).toHaveLength(0);
  hold({ ok: true, source: { environment: {}, file: fileOf("2") } });
  reloads.reloadIfChanged();
  await turns();
  await done();
  reloads.reloadIfChanged();
  await turns();
  expect(applied).toHaveLength(1);
  reloads.reload();
  await turns();
  await done();
  expect(applied).toHaveLength(2);
});

test("the file of ROUTING_CONFIG_PATH is one of them", async () => {
  const { reloads, applied, hold, done } = open();
  const routing = { name: "routing.yaml", version: "a", models: [], modelNames: [], problems: [] };
  for (const version of ["a", "a", "b"]) {
    hold({ ok: true, source: { environment: {}, file: fileOf("1"), routing: { ...routing, version } } });
    reloads.reloadIfChanged();
    await turns();
    await done();
  }
  expect(applied.map(({ source }) => source?.routing?.version)).toEqual(["a", "b"]);
});

test("a file that cannot be read is told once, until it can be", async () => {
  const { clock, reloads, applied, hold, done } = open();
  for (const version of ["", "", "1", "1"]) {
    hold({ ok: true, source: { environment: {}, file: fileOf(version, version === "" ? ["gone"] : []) } });
    reloads.reloadIfChanged();
    await turns();
    await clock.advance(1000);
    await turns();
    await done();
  }
  expect(applied.map(({ source }) => source?.file?.version)).toEqual(["", "1"]);
});

const bad = (version: string): ReadSource => ({
  ok: true,
  source: { environment: {}, file: fileOf(version, ["half of it is missing"]) },
});

describe("what does not check", () => {
  test("is told if it is so still half a second after it was saved", async () => {
    const { clock, reloads, applied, hold, done } = open();
    hold(bad("2"));
    reloads.reloadIfChanged();
    await turns();
    await clock.advance(300);
    await turns();
    // Something else happened in the folder.
    reloads.reloadIfChanged();
    await turns();
    await clock.advance(199);
    await turns();
    expect(applied).toHaveLength(0);
    await clock.advance(1);
    await turns();
    expect(applied.map(({ loaded }) => loaded.ok)).toEqual([false]);
    await done();
    await clock.advance(60_000);
    await turns();
    expect([applied.length, clock.timersWaiting()]).toEqual([1, 0]);
  });

  test.each(["1", "3"])("is not told if it was half written, and is %s by then", async (version) => {
    const { clock, reloads, applied, hold, done } = open();
    hold(bad("2"));
    reloads.reloadIfChanged();
    await turns();
    await clock.advance(400);
    await turns();
    hold({ ok: true, source: { environment: {}, file: fileOf(version) } });
    reloads.reloadIfChanged();
    await turns();
    await done();
    await clock.advance(60_000);
    await turns();
    expect(applied.map(({ source }) => source?.file?.version)).toEqual(version === "1" ? [] : [version]);
    expect(clock.timersWaiting()).toBe(0);
  });

  test("is told after five seconds if it is another thing each time, and then anew", async () => {
    const { clock, reloads, applied, hold, done } = open();
    for (let count = 0; count < 70; count += 1) {
      hold(bad(`half ${count}`));
      reloads.reloadIfChanged();
      await turns();
      await done();
      await clock.advance(100);
      await turns();
    }
    expect(applied.map(({ source }) => source?.file?.version)).toEqual(["half 49"]);
  });

  test("is told at once if a reload was asked for", async () => {
    const { clock, reloads, applied, hold, done } = open();
    hold(bad("2"));
    reloads.reloadIfChanged();
    await turns();
    reloads.reload();
    await turns();
    await done();
    await clock.advance(60_000);
    await turns();
    expect([applied.length, clock.timersWaiting()]).toEqual([1, 0]);
  });
});

test("what nobody foresaw of a file is told, and does not end the gateway", async () => {
  const { reloads, applied, hold, done } = open();
  const file = fileOf("2");
  const unforeseen = new Proxy(file, {
    get(target, name) {
      if (name === "values") throw new RangeError("sk-secret");
      return target[name as keyof ConfigFile];
    },
    ownKeys: () => [],
  });
  hold({ ok: true, source: { environment: {}, file: unforeseen } });
  reloads.reload();
  await turns();
  expect(applied[0]?.loaded).toEqual({
    ok: false,
    problems: ["the settings cannot be loaded: RangeError"],
    warnings: [],
  });
  await done();
});
