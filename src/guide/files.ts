import dashboard from "./grafana-dashboard.json";
import rules from "./prometheus-rules.yaml" with { type: "text" };

/** A file that goes with the guide, for another program. */
export interface GuideFile {
  readonly text: string;
  readonly contentType: string;
}

/** Every one of them, by its name in a URL. */
export const FILES: ReadonlyMap<string, GuideFile> = new Map([
  ["grafana-dashboard.json", { text: `${JSON.stringify(dashboard, null, 2)}\n`, contentType: "application/json" }],
  ["prometheus-rules.yaml", { text: rules, contentType: "application/yaml" }],
]);
