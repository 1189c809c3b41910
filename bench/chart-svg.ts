import type { BenchResult } from "./result.ts";
import { SCENARIOS } from "./scenarios.ts";

/** One bar: a multiple of something, with its least and greatest where they are known. */
interface Bar {
  readonly label: string;
  readonly value: number;
  readonly range?: readonly [least: number, greatest: number];
  readonly kind: "own" | "other";
}

interface Group {
  readonly title: string;
  readonly bars: readonly Bar[];
}

interface Panel {
  readonly title: string;
  /** What a multiple of 1 is. */
  readonly unit: string;
  readonly groups: readonly Group[];
}

const WIDTH = 760;
const LABEL_WIDTH = 210;
const VALUE_WIDTH = 60;
const BAR_WIDTH = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
const ROW = 18;
const GROUP_GAP = 10;
const HEADING = 46;

// An image in a page has no style of the page: it follows the reader's own preference.
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 14px }
  .group { font-weight: 600 }
  .quiet { fill: #57606a }
  .own { fill: #0969da }
  .other { fill: #8c959f }
  .line { stroke: #57606a; stroke-dasharray: 3 3 }
  .range { stroke: #24292f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .quiet { fill: #9198a1 }
    .own { fill: #4493f8 }
    .other { fill: #656c76 }
    .line { stroke: #9198a1 }
    .range { stroke: #e6edf3 }
  }`;

const TARGET_LABELS: Readonly<Record<string, string>> = {
  bare: "bare proxy on Bun",
  "bare-json": "the same, parsing JSON",
  gateway: "gateway",
  binary: "gateway, as a binary",
};

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function loadPanel({ summary }: BenchResult): Panel {
  const groups = SCENARIOS.flatMap(({ name, title }): Group[] => {
    const rows = summary.loads.filter(({ scenario, toNginx }) => scenario === name && toNginx !== undefined);
    const bars = rows
      .filter(({ target }) => target !== "nginx" && target !== "direct")
      .map(({ target, toNginx = 0 }): Bar => ({
        label: TARGET_LABELS[target] ?? target,
        value: toNginx,
        kind: target === "gateway" || target === "binary" ? "own" : "other",
      }));
    return bars.length === 0 ? [] : [{ title, bars }];
  });
  return { title: "CPU time per request or event, as a multiple of nginx's", unit: "nginx", groups };
}

function featurePanel({ summary }: BenchResult): Panel {
  const bars = summary.features.flatMap(({ feature, costs: [chat] }): Bar[] => {
    const { toPlain, least, greatest } = chat ?? {};
    if (toPlain === undefined || feature === "plain") return [];
    const range = least === undefined || greatest === undefined ? {} : { range: [least, greatest] as const };
    return [{ label: feature, value: toPlain, kind: "own", ...range }];
  });
  return {
    title: "CPU time per request with a feature on, as a multiple of the gateway without any",
    unit: "plain",
    groups: bars.length === 0 ? [] : [{ title: "0.2K request; the thin line: least to most of the repeats", bars }],
  };
}

/** Draws a panel from `top` on and returns it with its height. */
function draw({ title, unit, groups }: Panel, top: number): { readonly svg: string; readonly height: number } {
  const bars = groups.flatMap((group) => group.bars);
  const most = Math.max(1, ...bars.map(({ value, range }) => Math.max(value, range?.[1] ?? 0)));
  const x = (value: number): string => (LABEL_WIDTH + (Math.min(value, most) / most) * BAR_WIDTH).toFixed(1);
  const parts = [`<text class="title" x="0" y="${top + 16}">${escape(title)}</text>`];
  let y = top + HEADING;
  for (const group of groups) {
    parts.push(`<text class="group" x="0" y="${y}">${escape(group.title)}</text>`);
    y += 6;
    for (const { label, value, range, kind } of group.bars) {
      const middle = y + ROW / 2;
      parts.push(
        `<text class="quiet" x="0" y="${middle + 4}">${escape(label)}</text>`,
        `<rect class="${kind}" x="${LABEL_WIDTH}" y="${y + 3}" width="${(Number(x(value)) - LABEL_WIDTH).toFixed(1)}" height="${ROW - 6}"/>`,
      );
      if (range) parts.push(`<path class="range" d="M${x(range[0])} ${middle}H${x(range[1])}"/>`);
      const end = Math.max(Number(x(value)), range ? Number(x(range[1])) : 0);
      parts.push(`<text x="${(end + 6).toFixed(1)}" y="${middle + 4}">${value.toFixed(2)}</text>`);
      y += ROW;
    }
    y += GROUP_GAP + ROW;
  }
  const bottom = y - GROUP_GAP - ROW;
  parts.push(
    `<path class="line" d="M${x(1)} ${top + HEADING - 12}V${bottom}"/>`,
    `<text class="quiet" text-anchor="middle" x="${x(1)}" y="${top + HEADING - 16}">${escape(unit)} = 1</text>`,
  );
  return { svg: parts.join("\n"), height: bottom - top + 28 };
}

/** Draws what loads cost beside nginx, and what features cost beside none, as a standalone SVG image. */
export function drawChart(result: BenchResult): string {
  let top = 0;
  const panels = [loadPanel(result), featurePanel(result)]
    .filter(({ groups }) => groups.length > 0)
    .map((panel) => {
      const { svg, height } = draw(panel, top);
      top += height;
      return svg;
    });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -4 ${WIDTH + 20} ${top}" role="img">
<title>What the gateway costs</title>
<style>${STYLE}
</style>
${panels.join("\n")}
</svg>
`;
}
