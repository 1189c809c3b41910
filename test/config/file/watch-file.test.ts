import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type SeenFile, watchFile } from "../../../src/config/file/watch-file.ts";
import { createManualClock, settle } from "../../fixtures/manual-clock.ts";
import { within } from "../../fixtures/within.ts";
import { newFolder } from "./load-file.ts";

const BEFORE: SeenFile = { id: "1", state: "first", isMoved: false, isEmpty: false };

function openWatch(hasEvents = true) {
  const clock = createManualClock();
  let changes = 0;
  let held: SeenFile | undefined = BEFORE;
  let listening = 0;
  let report: (kind: "rename" | "change", name: string | undefined) => void = () => {};
  let fail: () => void = () => {};
  const watch = watchFile("/etc/gateway/gateway.yaml", () => (changes += 1), {
    timers: clock,
    watchFolder(folder, onEvent, onError) {
      expect(folder).toBe("/etc/gateway");
      if (!hasEvents) throw new Error("not supported");
      listening += 1;
      report = onEvent;
      fail = onError;
      return { close: () => (listening -= 1) };
    },
    look: async () => held,
  });
  return {
    ...{ clock, close: watch.close, changes: () => changes, listening: () => listening },
    async event(kind: "rename" | "change", name: string | undefined = "gateway.yaml") {
      report(kind, name);
      await settle();
    },
    fail: () => fail(),
    hold: (next: SeenFile | undefined) => (held = next),
  };
}

const other = (state: string, isMoved = false): SeenFile => ({ id: state, state, isMoved, isEmpty: false });

describe("a watch", () => {
  test("calls once, when a file that is written in place has been left alone", async () => {
    const { clock, event, hold, changes } = openWatch();
    for (const state of ["a", "b", "c"]) {
      hold({ ...BEFORE, state });
      await event("change");
      await clock.advance(49);
    }
    expect(changes()).toBe(0);
    await clock.advance(1);
    expect(changes()).toBe(1);
    await clock.advance(10_000);
    expect(changes()).toBe(1);
  });

  test("calls after a second of a file that is never left alone", async () => {
    const { clock, event, hold, changes } = openWatch();
    for (let count = 0; count < 35; count += 1) {
      hold({ ...BEFORE, state: `${count}` });
      await event("change");
      await clock.advance(30);
    }
    expect(changes()).toBe(1);
  });

  test("calls at once for each whole file that takes the place of another, and not again", async () => {
    const { clock, event, hold, changes } = openWatch();
    for (let count = 1; count <= 30; count += 1) {
      hold(other(`${count}`, true));
      await event("rename");
      expect(changes()).toBe(count);
      await clock.advance(3);
    }
    await clock.advance(10_000);
    expect(changes()).toBe(30);
  });

  test("calls at once for another link of a volume, whatever its file went through", async () => {
    const { clock, event, hold, changes } = openWatch();
    for (let count = 1; count <= 30; count += 1) {
      await event("rename", `..${count}`);
      hold(other(`${count}`));
      for (const name of ["..data_tmp", "..data", `..${count - 1}`]) await event("rename", name);
      expect(changes()).toBe(count);
    }
    await clock.advance(10_000);
    expect(changes()).toBe(30);
  });

  test("calls soon for a file that takes the place of another, if it is not known when it was written", async () => {
    const { clock, event, hold, changes } = openWatch();
    hold(other("new"));
    await event("rename");
    await clock.advance(19);
    expect(changes()).toBe(0);
    await clock.advance(1);
    expect(changes()).toBe(1);
    await clock.advance(10_000);
    expect(changes()).toBe(1);
  });

  test.each([
    ["was just made", { ...other("new"), isEmpty: true }],
    ["was just made, and a part is there", other("new")],
    ["is gone", undefined],
  ])("waits after a rename if the file %s, because it may be written yet", async (_, next) => {
    const { clock, event, hold, changes } = openWatch();
    hold(next);
    await event("rename");
    await clock.advance(19);
    hold({ ...other("new"), state: "more" });
    await event("change");
    // Rights or a time that are set while it is written.
    hold({ ...other("new", true), state: "more still" });
    await event("rename");
    await clock.advance(49);
    expect(changes()).toBe(0);
    await clock.advance(1);
    expect(changes()).toBe(1);
    await clock.advance(10_000);
    expect(changes()).toBe(1);
  });

  test("takes names that are not known for the file, and others not", async () => {
    const { clock, event, hold, changes } = openWatch();
    hold(other("new", true));
    for (const name of ["gateway.yaml.swp", "other.yaml", "4913"]) {
      await event("rename", name);
      await event("change", name);
    }
    await clock.advance(1000);
    expect(changes()).toBe(0);
    const unnamed = openWatch();
    unnamed.hold(other("new", true));
    await unnamed.event("rename", undefined);
    await unnamed.event("change", undefined);
    await unnamed.clock.advance(1000);
    expect(unnamed.changes()).toBe(2);
  });

  test.each([true, false])("looks itself every two seconds (events: %p)", async (hasEvents) => {
    const { clock, hold, changes, close } = openWatch(hasEvents);
    await settle();
    hold(other("second"));
    await clock.advance(2100);
    expect(changes()).toBe(1);
    hold(undefined);
    await clock.advance(2100);
    hold(other("second"));
    await clock.advance(2100);
    expect(changes()).toBe(3);
    close();
    expect(clock.timersWaiting()).toBe(0);
  });

  test("listens again after its folder was replaced, and to nothing when it is closed", async () => {
    const { clock, hold, fail, listening, close, changes, event } = openWatch();
    await settle();
    expect(listening()).toBe(1);
    fail();
    expect(listening()).toBe(0);
    hold(other("second"));
    await clock.advance(2100);
    expect(listening()).toBe(1);
    const before = changes();
    await event("change");
    hold(other("third", true));
    const replaced = event("rename");
    close();
    await replaced;
    await clock.advance(10_000);
    expect([changes() - before, listening(), clock.timersWaiting()]).toEqual([0, 0, 0]);
  });
});

function openVolume(folder: string): void {
  for (const name of ["..1", "..2"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "gateway.yaml"), name);
  }
  symlinkSync("..1", join(folder, "..data"));
  symlinkSync("..data/gateway.yaml", join(folder, "gateway.yaml"));
}

/** So that it was written before it got its name also on a system whose clock of files has not moved on since. */
const writeEarlier = (path: string, text: string): void => {
  writeFileSync(path, text);
  utimesSync(path, 1, 1);
};

test.each<readonly [string, "read at once" | "left alone first", (folder: string) => void, boolean?]>([
  ["is written", "left alone first", (folder) => writeFileSync(join(folder, "gateway.yaml"), "b")],
  [
    "is replaced by a rename",
    "read at once",
    (folder) => {
      writeEarlier(join(folder, "new"), "b");
      renameSync(join(folder, "new"), join(folder, "gateway.yaml"));
    },
  ],
  ["is removed", "left alone first", (folder) => rmSync(join(folder, "gateway.yaml"))],
  [
    "is in a volume of Kubernetes",
    "read at once",
    (folder) => {
      symlinkSync("..2", join(folder, "..data_tmp"));
      renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    },
    true,
  ],
])("the system says that a file %s: %s", async (_, how, change, isVolume = false) => {
  const folder = newFolder();
  if (isVolume) openVolume(folder);
  else writeFileSync(join(folder, "gateway.yaml"), "a");
  const changed = Promise.withResolvers<void>();
  const isRead = Promise.withResolvers<void>();
  let waits = 0;
  const timers = {
    now: () => performance.now(),
    setTimer(callback: () => void, delayMs: number) {
      // It does not look itself.
      if (delayMs >= 2000) return isRead.resolve();
      waits += 1;
      return setTimeout(callback, delayMs);
    },
    clearTimer: (timer: unknown) => clearTimeout(timer as Timer),
  };
  const watch = watchFile(join(folder, "gateway.yaml"), changed.resolve, { timers });
  await isRead.promise;
  change(folder);
  await within(changed.promise, 1000, "the change");
  watch.close();
  expect(waits > 0).toBe(how === "left alone first");
});
