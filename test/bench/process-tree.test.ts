import { describe, expect, test } from "bun:test";
import { CAN_MEASURE, killTree, measureTree, processTree } from "../../bench/process-tree.ts";

describe.skipIf(!CAN_MEASURE)("a process tree", () => {
  test("holds its grandchildren, which end with it", async () => {
    const shell = Bun.spawn(["sh", "-c", "sleep 60 & echo $!; wait"], { stdout: "pipe" });
    const { value } = await shell.stdout.getReader().read();
    const grandchild = Number(new TextDecoder().decode(value));
    expect(processTree(process.pid)).toContain(grandchild);
    expect(processTree(shell.pid)).toEqual([shell.pid, grandchild]);
    killTree(shell.pid);
    expect(await shell.exited).not.toBe(0);
    expect(processTree(process.pid)).not.toContain(grandchild);
  });

  test("adds up CPU time and memory", () => {
    const before = measureTree(process.pid);
    const until = performance.now() + 60;
    while (performance.now() < until);
    const after = measureTree(process.pid);
    const spent = (after.cpuMicroseconds ?? 0) - (before.cpuMicroseconds ?? 0);
    expect(spent).toBeGreaterThan(5_000); // Less than the 60 ms where other processes had the core.
    expect(after.residentBytes).toBeGreaterThan(10_000_000);
  });

  test("that has ended costs and holds nothing", () => {
    expect(measureTree(0x7fffffff)).toEqual({ cpuMicroseconds: 0, residentBytes: 0 });
  });
});
