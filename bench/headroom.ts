import type { LoadRow } from "./summary.ts";

/** Whether generator and mock could have taken more than the targets gave them under one load. */
export interface Headroom {
  readonly scenario: string;
  /** Requests or events a second that generator and mock do without anything between. */
  readonly ceiling: number | undefined;
  /** The same of the fastest target, and how often it fits into the ceiling; 1 where the load has a pace of its own. */
  readonly fastest: number | undefined;
  readonly times: number | undefined;
  /** The largest shares of one core that generator and mock used while a target was measured. */
  readonly generatorShare: number | undefined;
  readonly mockShare: number | undefined;
  /** The largest delay with which requests of an open loop were sent, 99th percentile, in milliseconds. */
  readonly latenessP99: number | undefined;
  /** The largest share of the machine that others used. */
  readonly othersShare: number | undefined;
  /** The targets whose figures show the rig's limit more than their own. */
  readonly limited: readonly string[];
}

/** Of one core: what a process of one thread does not get beyond. */
const LIMIT_SHARE = 0.85;

const greatest = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
};

/** Judges the rig by the rows of one load. */
export function headroomOf(scenario: string, rows: readonly LoadRow[]): Headroom {
  const targets = rows.filter(({ target }) => target !== "direct");
  const ceiling = rows.find(({ target }) => target === "direct")?.perSecond;
  const fastest = greatest(targets.map(({ perSecond }) => perSecond));
  return {
    scenario,
    ceiling,
    fastest,
    times: ceiling === undefined || !fastest ? undefined : ceiling / fastest,
    generatorShare: greatest(targets.map(({ generatorShare }) => generatorShare)),
    mockShare: greatest(targets.map(({ mockShare }) => mockShare)),
    latenessP99: greatest(targets.map(({ latenessP99 }) => latenessP99)),
    othersShare: greatest(rows.map(({ othersShare }) => othersShare)),
    limited: targets
      .filter(({ generatorShare = 0, mockShare = 0 }) => Math.max(generatorShare, mockShare) > LIMIT_SHARE)
      .map(({ target }) => target),
  };
}
