import { beforeEach, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createReloads } from "../../src/cli/reload-on-change.ts";
import {
  type ConfigSource,
  loadSource,
  type ReadSource,
  readSource,
  rereadSource,
} from "../../src/config/config-source.ts";
import type { LoadedConfig } from "../../src/config/load-config.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { until } from "./reloadable.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

/** Reloads of a configuration file that takes its key from another file, and its address from a file of settings. */
async function openReloads() {
  const folder = scratchFolder("gateway-named");
  const [path, secret, envFile] = ["gateway.yaml", "secret", "env"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(path, `providers:\n  left: { base_url: "\${LEFT_URL}", api_key: "file:${secret}" }\n`);
  writeFileSync(secret, "sk-one");
  writeFileSync(envFile, "LEFT_URL=http://127.0.0.1:1/v1\n");
  const read = () => readSource({}, { envFile, configFile: path });
  const first = await read();
  if (!first.ok || !loadSource(first.source).ok) throw new Error("it must be good");
  const applied: LoadedConfig[] = [];
  const { setTimer, clearTimer, now, advance, timersWaiting } = createManualClock();
  const { reloadIfChanged } = createReloads({
    ...{ source: first.source, read, watch: { timers: { setTimer, clearTimer, now } } },
    async apply(loaded) {
      applied.push(loaded);
    },
  });
  const left = (loaded: LoadedConfig | undefined) =>
    loaded?.ok ? loaded.config.providers.find(({ id }) => id === "left") : loaded?.problems;
  return {
    ...{ path, secret, envFile, advance, saved: reloadIfChanged, times: () => applied.length },
    doubted: () => until(() => timersWaiting() === 1, "a doubt"),
    last: () => left(applied.at(-1)),
  };
}

test("a file that is saved as it was is applied if what it is filled in with has changed, and else not", async () => {
  const reloads = await openReloads();
  reloads.saved();
  writeFileSync(reloads.secret, "sk-two");
  reloads.saved();
  await until(() => reloads.times() === 1, "the other key");
  expect(reloads.last()).toMatchObject({ key: "sk-two" });
  writeFileSync(reloads.envFile, "LEFT_URL=http://127.0.0.1:2/v1\n");
  reloads.saved();
  await until(() => reloads.times() === 2, "the other address");
  expect(reloads.last()).toMatchObject({ key: "sk-two", baseUrl: "http://127.0.0.1:2/v1" });
  reloads.saved();
  writeFileSync(reloads.secret, "sk-three");
  reloads.saved();
  await until(() => reloads.times() === 3, "no more than what has changed");
});

test("one that was refused for want of another file is applied when that is there", async () => {
  const reloads = await openReloads();
  rmSync(reloads.secret);
  reloads.saved();
  await reloads.doubted();
  await reloads.advance(500);
  await until(() => reloads.times() === 1, "what is wrong");
  expect(reloads.last()).toEqual([expect.stringContaining("no such file")]);
  writeFileSync(reloads.secret, "sk-one");
  reloads.saved();
  await until(() => reloads.times() === 2, "the key again");
  expect(reloads.last()).toMatchObject({ key: "sk-one" });
});

describe("a file of settings", () => {
  let folder = "";
  beforeEach(() => {
    folder = scratchFolder("gateway-settings");
  });

  const makePipe = (path: string) => void Bun.spawnSync(["mkfifo", path]);

  /** Reads a file of settings, and makes what reads it again. */
  async function readFirst(envFile: string): Promise<{ source: ConfigSource; again: () => Promise<ReadSource> }> {
    const files = { envFile, configFile: undefined };
    const read = await readSource({ HOME: "/" }, files);
    if (!read.ok) throw new Error(read.problem);
    return { source: read.source, again: rereadSource({ HOME: "/" }, files, read.source) };
  }

  test("in whose place is a pipe is refused, and not waited for", async () => {
    const path = join(folder, "env");
    writeFileSync(path, "A=1");
    const { again } = await readFirst(path);
    writeFileSync(path, "A=2");
    expect(await again()).toMatchObject({ ok: true, source: { environment: { HOME: "/", A: "2" } } });
    rmSync(path);
    makePipe(path);
    const problem = `--env-file ${JSON.stringify(path)} cannot be read: it is no regular file`;
    expect(await again()).toEqual({ ok: false, problem });
    rmSync(path);
    expect(await again()).toEqual({ ok: false, problem: expect.stringContaining("no such file") });
  });

  test("that is a pipe is read once, and says the same from then on", async () => {
    const path = join(folder, "pipe");
    makePipe(path);
    const writer = Bun.spawn(["sh", "-c", `echo A=1 > "${path}"`]);
    const { source, again } = await readFirst(path);
    await writer.exited;
    expect(source.environment).toEqual({ HOME: "/", A: "1" });
    expect(await again()).toEqual({ ok: true, source: { environment: { HOME: "/", A: "1" } } });
  });
});
