import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { FILES } from "../../../src/guide/files.ts";
import dashboard from "../../../src/guide/grafana-dashboard.json";
import { FAMILY_ROWS } from "../../../src/telemetry/metrics/families.ts";
import type { RunningGateway } from "../../fixtures/start-gateway.ts";
import { startGateway } from "../../fixtures/start-in-process.ts";

/** Every name that a reader of metrics finds, with the labels of its numbers. */
const NAMES = new Map(
  FAMILY_ROWS.flatMap(([, { name, kind, labels }]) =>
    kind === "histogram"
      ? [
          [`${name}_bucket`, [...labels, "le"]],
          [`${name}_sum`, labels],
          [`${name}_count`, labels],
        ]
      : [[name, labels]],
  ) as [string, readonly string[]][],
);

/** What Prometheus itself puts on every number. */
const OF_TARGETS = ["job", "instance"];

const rules = FILES.get("prometheus-rules.yaml")?.text ?? "";

interface Rule {
  readonly record?: string;
  readonly expr: string;
}

const allRules = (Bun.YAML.parse(rules) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const recorded = allRules.flatMap(({ record }) => record ?? []);

const expressions = [
  ...allRules.map(({ expr }) => expr),
  ...dashboard.panels.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => expr)),
  ...dashboard.templating.list.flatMap(({ definition }) => definition ?? []),
];

/** The metrics in an expression, each with the labels that it picks by. */
function metricsIn(expression: string): { readonly name: string; readonly labels: readonly string[] }[] {
  // Without what it sums by, and without texts.
  const bare = expression.replace(/\b(?:by|without|on|ignoring) ?\([^)]*\)/g, "").replace(/"[^"]*"/g, '""');
  return [...bare.matchAll(/(?<![\w$.])([a-z]\w*(?::\w+)*)(?:\{([^}]*)\})?(?=[\s[),]|$)/g)].flatMap(
    ([, name = "", labels = ""]) =>
      NAMES.has(name) || /^(gen_ai|inference_gateway|process)/.test(name)
        ? [{ name, labels: [...labels.matchAll(/(\w+)\s*[=!]/g)].map(([, label = ""]) => label) }]
        : [],
  );
}

const groupedBy = (expression: string): string[] =>
  [...expression.matchAll(/\bby ?\(([^)]*)\)/g)].flatMap(([, labels = ""]) => labels.split(",").map((l) => l.trim()));

describe("the dashboard and the alerts", () => {
  test("name metrics that there are, by labels that these have", () => {
    expect(expressions.length).toBeGreaterThan(40);
    const faults = expressions.flatMap((expression) => {
      const metrics = metricsIn(expression).filter(({ name }) => !/^label_values|^histogram/.test(name));
      if (metrics.length === 0) return [`${expression}: names no metric`];
      return metrics.flatMap(({ name, labels }) => {
        if (recorded.includes(name)) return [];
        const known = NAMES.get(name);
        if (!known) return [`${expression}: there is no ${name}`];
        return [...labels, ...groupedBy(expression)].flatMap((label) =>
          known.includes(label) || OF_TARGETS.includes(label) ? [] : [`${expression}: ${name} has no ${label}`],
        );
      });
    });
    const isOfLabels = (fault: string) =>
      /gen_ai_\w+ has no|there is no gen_ai_(?:provider_name|request_model)$/.test(fault);
    expect(faults.filter((fault) => !(fault.startsWith("label_values") && isOfLabels(fault)))).toEqual([]);
  });

  test("a fault in them would be found", () => {
    expect(metricsIn('sum by (route) (rate(inference_gateway_nothing{outcome=~"a",x!="b"}[5m])) > 0.05')).toEqual([
      { name: "inference_gateway_nothing", labels: ["outcome", "x"] },
    ]);
    expect(groupedBy("sum by (le, gen_ai_request_model) (x)")).toEqual(["le", "gen_ai_request_model"]);
  });

  test("show every metric", () => {
    const shown = expressions.flatMap((expression) => metricsIn(expression).map(({ name }) => name));
    const missing = FAMILY_ROWS.map(([, { name }]) => name).filter(
      (name) => !shown.some((other) => other === name || other.startsWith(`${name}_`)),
    );
    expect(missing).toEqual(["process_start_time_seconds"]);
  });
});

describe("the gateway", () => {
  let gateway: RunningGateway;
  beforeAll(async () => void (gateway = await startGateway()));
  afterAll(() => gateway[Symbol.asyncDispose]());

  test.each([...FILES])("serves %s", async (name, { text, contentType }) => {
    const response = await fetch(`${gateway.url}/docs/${name}`);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, contentType]);
    expect(await response.text()).toBe(text);
  });
});
