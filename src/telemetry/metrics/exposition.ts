import { type OfferedForm, preferredForm } from "../../core/accept.ts";
import { openTurns } from "../../core/event-loop.ts";
import { FAMILY_ROWS } from "./families.ts";
import type { MetricStore } from "./metric-store.ts";
import type { Exemplar, LabelValues, Series } from "./series.ts";

/** The two forms in which metrics are written. */
export type ExpositionFormat = "prometheus" | "openmetrics";

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** So much text is made into bytes at once. */
const PIECE_CHARACTERS = 64 * 1024;

/**
 * Writes all series, in turns of the event loop: a thousand of a histogram are 5 MB of text.
 * https://prometheus.io/docs/instrumenting/exposition_formats/ and https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export async function writeMetrics(store: MetricStore, format: ExpositionFormat): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const turns = openTurns();
  let text = "";
  for (const [name] of FAMILY_ROWS) {
    const series = store[name];
    text += headOf(series, format);
    // What comes while this waits for its turn has its place at the end.
    for (let slot = 0; slot < series.rows.length; slot++) {
      text += series.family.kind === "histogram" ? writeHistogram(series, slot, format) : writeNumber(series, slot);
      if (text.length < PIECE_CHARACTERS) continue;
      pieces.push(Buffer.from(text));
      text = "";
      if (turns.isOver()) await turns.next();
    }
  }
  if (format === "openmetrics") text += "# EOF\n";
  return Buffer.concat([...pieces, Buffer.from(text)]);
}

function headOf({ family: { name, kind, help, unit } }: Series, format: ExpositionFormat): string {
  if (format === "prometheus") return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n`;
  // A counter's own name is without the suffix that its number has.
  const own = kind === "counter" ? name.replace(/_total$/, "") : name;
  const measured = unit === undefined ? "" : `# UNIT ${own} ${unit}\n`;
  return `# TYPE ${own} ${kind}\n${measured}# HELP ${own} ${help}\n`;
}

function writeNumber(series: Series, slot: number): string {
  const labels = labelsOf(series, series.rows[slot] ?? []);
  return `${series.family.name}${labels === "" ? "" : `{${labels}}`} ${series.valueAt(slot)}\n`;
}

function writeHistogram(series: Series, slot: number, format: ExpositionFormat): string {
  const { name, buckets = [] } = series.family;
  const labels = labelsOf(series, series.rows[slot] ?? []);
  const before = `${name}_bucket{${labels}${labels === "" ? "" : ","}le="`;
  let count = 0;
  let text = "";
  for (let index = 0; index <= buckets.length; index++) {
    count += series.valueAt(slot, index);
    text += `${before}${boundOf(buckets[index], format)}"} ${count}`;
    const exemplar = format === "openmetrics" ? series.exemplarAt(slot, index) : undefined;
    text += exemplar ? `${writeExemplar(exemplar)}\n` : "\n";
  }
  const braced = labels === "" ? "" : `{${labels}}`;
  return `${text}${name}_sum${braced} ${series.valueAt(slot, buckets.length + 1)}\n${name}_count${braced} ${count}\n`;
}

/** OpenMetrics wants numbers of labels to look like those with a point. */
function boundOf(bound: number | undefined, format: ExpositionFormat): string {
  if (bound === undefined) return "+Inf";
  return format === "openmetrics" && Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

const writeExemplar = ({ traceId, value, at }: Exemplar): string =>
  ` # {trace_id="${escapeLabel(traceId)}"} ${value} ${at.toFixed(3)}`;

function labelsOf({ family: { labels } }: Series, values: LabelValues): string {
  let text = "";
  for (const [index, name] of labels.entries()) {
    const value = values[index];
    if (value !== undefined) text += `${text === "" ? "" : ","}${name}="${escapeLabel(value)}"`;
  }
  return text;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };

const escapeLabel = (value: string): string =>
  value.replace(/[\\"\n]/g, (character) => ESCAPES[character] ?? character);

/** What clients of OpenMetrics may ask for, and what the gateway writes is. */
const OPEN_METRICS_VERSIONS: ReadonlySet<string> = new Set(["1.0.0", "0.0.1"]);

const OFFERS: readonly OfferedForm<ExpositionFormat>[] = [
  { form: "prometheus", type: "text/plain" },
  {
    form: "openmetrics",
    type: "application/openmetrics-text",
    fits: (parameters) => OPEN_METRICS_VERSIONS.has(parameters.get("version") ?? "1.0.0"),
  },
];

/** The form that the `Accept` of a request prefers; Prometheus' own text if it prefers none. */
export const chooseFormat = (accept: string | null): ExpositionFormat => preferredForm(accept, OFFERS) ?? "prometheus";
