import type { LoadPlan } from "./load-plan.ts";

/** One kind of load, the same for every target. */
export interface Scenario {
  readonly name: string;
  /** What is counted: CPU time is reported for one of these. */
  readonly unit: "request" | "event";
  readonly title: string;
  /** Part of a `--quick` run. */
  readonly quick: boolean;
  readonly plan: Omit<LoadPlan, "seconds" | "requests">;
}

const KIB = 1024;

function chat(name: string, bodyBytes: number, connections: number, quick: boolean): Scenario {
  return {
    name,
    unit: "request",
    title: `${name.slice(5).toUpperCase()} request, small JSON answer, ${connections} connections, closed loop`,
    quick,
    plan: { loop: "closed", answer: "json", bodyBytes, connections, rate: 0 },
  };
}

function rate(perSecond: number, quick: boolean): Scenario {
  return {
    name: `rate-${perSecond}`,
    unit: "request",
    title: `0.2K request, ${perSecond} a second offered, open loop`,
    quick,
    plan: { loop: "open", answer: "json", bodyBytes: 200, connections: 512, rate: perSecond },
  };
}

function paced(streams: number, quick: boolean): Scenario {
  return {
    name: `paced-${streams}`,
    unit: "event",
    title: `64 events, one in 20 ms, ${streams} streams at once`,
    quick,
    plan: { loop: "closed", answer: "paced", bodyBytes: 200, connections: streams, rate: 0 },
  };
}

/** Every load that the bench knows, in the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  chat("chat-0.2k", 200, 16, true),
  chat("chat-32k", 32 * KIB, 16, false),
  chat("chat-128k", 128 * KIB, 8, true),
  chat("chat-1m", KIB * KIB, 4, true),
  {
    name: "alone",
    unit: "request",
    title: "0.2K request, one connection, one request at a time",
    quick: true,
    plan: { loop: "closed", answer: "json", bodyBytes: 200, connections: 1, rate: 0 },
  },
  rate(1000, true),
  rate(4000, false),
  paced(1, false),
  paced(100, true),
  paced(1000, false),
  paced(2000, false),
  {
    name: "burst",
    unit: "event",
    title: "500 events without pause, 4 streams at once",
    quick: true,
    plan: { loop: "closed", answer: "burst", bodyBytes: 200, connections: 4, rate: 0 },
  },
];

/** The loads under which the features of the gateway are compared, one by one. */
export const FEATURE_SCENARIOS: readonly Scenario[] = SCENARIOS.filter(
  ({ name }) => name === "chat-0.2k" || name === "burst",
);
export const FEATURES_SCENARIO = "features";

/** The measurements that are no load: time to the first answer, and memory idle and with streams open. */
export const PROCESS_SCENARIO = "process";
