/**
 * Loaded into a process before its own code, by `--preload`: tells over the unix socket `HEAP_PROBE_SOCKET` which objects are
 * on the heap, after a collection where `/collected` is asked for.
 */
import { heapStats } from "bun:jsc";

Bun.serve({
  unix: process.env["HEAP_PROBE_SOCKET"] ?? "",
  development: false,
  fetch(request) {
    if (request.url.endsWith("/collected")) Bun.gc(true);
    return Response.json(heapStats().objectTypeCounts);
  },
});
