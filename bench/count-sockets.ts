import { readdirSync, readlinkSync } from "node:fs";
import { processTree } from "./process-tree.ts";

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // Closed between listing and reading.
  }
}

/** How many sockets a process and its descendants have open, from `/proc`. 0 for one that has ended. */
export function countSockets(root: number): number {
  let sockets = 0;
  for (const pid of processTree(root)) {
    let names: string[] = [];
    try {
      names = readdirSync(`/proc/${pid}/fd`);
    } catch {
      continue;
    }
    sockets += names.filter((name) => linkOf(`/proc/${pid}/fd/${name}`).startsWith("socket:")).length;
  }
  return sockets;
}
