import { describe, expect, test } from "bun:test";
import { countWorkers, readCpuQuota } from "../../../src/cli/workers/count-workers.ts";

const MACHINE = { platform: "linux", cores: 8, quota: Infinity };

describe("countWorkers", () => {
  test.each([
    [1, MACHINE, 1],
    [3, MACHINE, 3],
    [16, MACHINE, 16],
    ["auto", MACHINE, 8],
    ["auto", { ...MACHINE, quota: 2 }, 2],
    ["auto", { ...MACHINE, quota: 2.5 }, 3],
    ["auto", { ...MACHINE, quota: 0.25 }, 1],
    ["auto", { ...MACHINE, quota: 64 }, 8],
    [4, { ...MACHINE, quota: 2 }, 4],
  ] as const)("%p on %p is %p", (setting, machine, count) => {
    expect(countWorkers(setting, machine)).toEqual({ count });
  });

  test.each([4, "auto"] as const)("%p serves alone, with a warning, if a port cannot be shared", (setting) => {
    const { count, warning } = countWorkers(setting, { ...MACHINE, platform: "darwin" });
    expect(count).toBe(1);
    expect(warning).toContain(`SERVER_WORKERS=${setting}`);
    expect(countWorkers(1, { ...MACHINE, platform: "darwin" })).toEqual({ count: 1 });
  });
});

describe("readCpuQuota", () => {
  const quotaOf = (files: Readonly<Record<string, string>>): number => readCpuQuota((path) => files[path]);

  test("is without limit if there are no control groups, or none limits it", () => {
    expect(quotaOf({})).toBe(Infinity);
    expect(quotaOf({ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "max 100000\n" })).toBe(Infinity);
    expect(
      quotaOf({
        "/proc/self/cgroup": "2:cpu,cpuacct:/\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      }),
    ).toBe(Infinity);
  });

  test("is what a container sees as the limit of its own root", () => {
    expect(quotaOf({ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "150000 100000\n" })).toBe(1.5);
    expect(
      quotaOf({
        "/proc/self/cgroup": "9:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "300000\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      }),
    ).toBe(3);
  });

  test("is the smallest of a group and those above it", () => {
    expect(
      quotaOf({
        "/proc/self/cgroup": "0::/system.slice/gateway.service\n",
        "/sys/fs/cgroup/system.slice/cpu.max": "200000 100000\n",
        "/sys/fs/cgroup/system.slice/gateway.service/cpu.max": "max 100000\n",
      }),
    ).toBe(2);
  });
});
