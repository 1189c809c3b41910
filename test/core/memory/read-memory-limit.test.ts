import { expect, test } from "bun:test";
import { defaultBudget, readMemoryLimit } from "../../../src/core/memory/limit.ts";

const MACHINE = 16 * 1024 ** 3;
const limitOf = (files: Readonly<Record<string, string>>): number => readMemoryLimit((path) => files[path], MACHINE);

test.each([
  ["no control groups", {}, MACHINE],
  ["version 2", { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "536870912\n" }, 536_870_912],
  ["version 2 without a limit", { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "max\n" }, MACHINE],
  [
    "a parent with less",
    {
      "/proc/self/cgroup": "0::/a/b\n",
      "/sys/fs/cgroup/a/b/memory.max": "1000000000\n",
      "/sys/fs/cgroup/a/memory.max": "700000000\n",
      "/sys/fs/cgroup/memory.max": "max\n",
    },
    700_000_000,
  ],
  [
    "version 1",
    { "/proc/self/cgroup": "4:memory:/x\n", "/sys/fs/cgroup/memory/x/memory.limit_in_bytes": "268435456\n" },
    268_435_456,
  ],
  [
    "version 1 without a limit",
    { "/proc/self/cgroup": "4:memory:/\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n" },
    MACHINE,
  ],
] as const)("%s", (_, files, limit) => {
  expect(limitOf(files)).toBe(limit);
});

test("workers share a quarter of it", () => {
  expect(defaultBudget(MACHINE, 4)).toBe(1024 ** 3);
});
