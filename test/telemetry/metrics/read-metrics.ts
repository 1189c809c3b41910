import type { RunningGateway } from "../../fixtures/start-gateway.ts";

/** The settings of a gateway whose metrics can be read: at a port of its own choice. */
export const METRICS = { TELEMETRY_ENABLED: "true", TELEMETRY_METRICS_PORT: "0" } as const;

/** Where a gateway says that its metrics are. */
export async function metricsUrl(gateway: Pick<RunningGateway, "logged">): Promise<string> {
  return String((await gateway.logged(({ msg }) => msg === "listening"))["metrics"]);
}

export type Labels = Readonly<Record<string, string>>;

/** One number of a series. */
export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** Numbers that were read at one time. */
export interface MetricsRead {
  readonly text: string;
  readonly samples: readonly Sample[];
  /** The sum of all that have this name and at least these labels; 0 if there is none. */
  sum(name: string, labels?: Labels): number;
  /** The labels of all that have this name and at least these labels. */
  labelsOf(name: string, labels?: Labels): readonly Labels[];
}

const SAMPLE = /^([a-z_:]+)(?:\{(.*)\})? (\S+)(?: # .*)?$/;
const LABEL = /([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/g;
const UNESCAPED: Readonly<Record<string, string>> = { "\\\\": "\\", '\\"': '"', "\\n": "\n" };

export function parseMetrics(text: string): MetricsRead {
  const samples = text.split("\n").flatMap((line): Sample[] => {
    if (line === "" || line.startsWith("#")) return [];
    const [, name = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
    if (name === "") throw new Error(`no sample: ${line}`);
    const found = [...labels.matchAll(LABEL)].map(([, label = "", quoted = ""]) => [
      label,
      quoted.replace(/\\[\\"n]/g, (escaped) => UNESCAPED[escaped] ?? escaped),
    ]);
    return [{ name, labels: Object.fromEntries(found) as Labels, value: Number(value) }];
  });
  const matching = (name: string, labels: Labels): readonly Sample[] =>
    samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  return {
    text,
    samples,
    sum: (name, labels = {}) => matching(name, labels).reduce((sum, { value }) => sum + value, 0),
    labelsOf: (name, labels = {}) => matching(name, labels).map((sample) => sample.labels),
  };
}

export async function readMetrics(url: string): Promise<MetricsRead> {
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`metrics are ${response.status}`);
  return parseMetrics(await response.text());
}
