import type { PartialPlan } from "../measure/sample.ts";

/** What CPU time is told for. */
export type Unit = "request" | "event";

/** One kind of load, the same for every target. */
export interface Scenario {
  readonly name: string;
  readonly unit: Unit;
  readonly title: string;
  /** Part of a `--quick` run. */
  readonly quick: boolean;
  readonly plan: Omit<PartialPlan, "seconds">;
}

const KIB = 1024;
const JSON_200 = { answer: "json", bodyBytes: 200 } as const;

function chat(size: string, bodyBytes: number, connections: number, quick = true): Scenario {
  const title = `${size.toUpperCase()} request, small JSON answer, ${connections} connections, closed loop`;
  return { name: `chat-${size}`, unit: "request", title, quick, plan: { answer: "json", bodyBytes, connections } };
}

function rate(perSecond: number, quick = false): Scenario {
  const title = `0.2K request, ${perSecond} a second offered, open loop`;
  const plan = { ...JSON_200, loop: "open", connections: 512, rate: perSecond } as const;
  return { name: `rate-${perSecond}`, unit: "request", title, quick, plan };
}

function paced(streams: number, quick = false): Scenario {
  const title = `64 events, one in 20 ms, ${streams} streams at once`;
  const plan = { answer: "paced", bodyBytes: 200, connections: streams } as const;
  return { name: `paced-${streams}`, unit: "event", title, quick, plan };
}

const BY_ITSELF = { quick: true, title: "0.2K request, one connection, one request at a time" };
const ALONE: Scenario = { ...BY_ITSELF, name: "alone", unit: "request", plan: { ...JSON_200, connections: 1 } };
const BURST: Scenario = {
  name: "burst",
  unit: "event",
  title: "500 events without pause, 4 streams at once",
  quick: true,
  plan: { answer: "burst", bodyBytes: 200, connections: 4 },
};
const SMALL = chat("0.2k", 200, 32);
const CHATS = [SMALL, chat("32k", 32 * KIB, 16, false), chat("128k", 128 * KIB, 8), chat("1m", KIB * KIB, 4)];
const STREAMS = [paced(1), paced(100, true), paced(1000), paced(2000)];

/** Every load of the comparison, in the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  ...[rate(300), ALONE, ...CHATS],
  ...[rate(1000, true), rate(4000), ...STREAMS, BURST],
];

/** The loads under which the features of the gateway are compared, one by one. */
export const FEATURE_SCENARIOS: readonly Scenario[] = [SMALL, BURST];
