import { writeSync } from "node:fs";
import { BACKGROUND_TIMERS } from "../../../src/core/deadlines.ts";
import type { RequestContext } from "../../../src/core/request-context.ts";
import { openHistory } from "../../../src/telemetry/history/open-history.ts";

/*
 * A process that writes rows until it has written enough or is killed, and says after each few which of them a client would
 * know of. Run by crash.test.ts.
 */

const [directory = "", databaseUrl = "", first = "0", count = "1000", atOnce = "20"] = process.argv.slice(2);

const history = await openHistory(
  {
    directory,
    databaseUrl: databaseUrl === "" ? undefined : databaseUrl,
    retentionMs: 3_600_000,
    rollUpRetentionMs: 3_600_000,
    maxSpoolBytes: 1 << 30,
    keepsContent: false,
    contentMs: 3_600_000,
    maxContentBytes: 1 << 30,
  },
  {
    formats: new Map([["/v1/chat/completions", "chat"]]),
    clock: Date.now,
    timers: BACKGROUND_TIMERS,
    onChange: () => {},
    onLost: (lost) => console.error(`lost ${lost ?? ""}`),
  },
);

function requestOf(index: number): RequestContext {
  const now = performance.now();
  return {
    id: `r${index}`,
    route: "/v1/chat/completions",
    startedAt: now - 5,
    provider: "openai",
    model: `model-${index % 7}`,
    principal: { kind: "key", name: `key ${index % 3}` },
    status: 200,
    outcome: "answered",
    streaming: index % 5 === 0,
    usage: { inputTokens: 10, outputTokens: 3 },
    bytesIn: 100,
    bytesOut: 200,
  } as unknown as RequestContext;
}

writeSync(1, "ready\n");
const end = Number(first) + Number(count);
for (let index = Number(first); index < end;) {
  const until = Math.min(end, index + Number(atOnce));
  while (index < until) history.observe(requestOf(index++), performance.now());
  // Rows are in the file at the end of this turn.
  await new Promise<void>((resolve) => setImmediate(resolve));
  writeSync(1, `${index}\n`);
}
await history.close();
process.exit(0);
