import { expect, test } from "bun:test";
import { startGateway } from "../../fixtures/start-in-process.ts";
import { METRICS, metricsUrl, readMetrics } from "../metrics/read-metrics.ts";
import { openPlace } from "./places.ts";

test("metrics say how many rows were lost, if rows are kept", async () => {
  await using place = await openPlace("sqlite");
  const labelsWith = async (settings: Readonly<Record<string, string>>) => {
    const gateway = await startGateway({ ...METRICS, ...settings });
    try {
      return (await readMetrics(await metricsUrl(gateway))).labelsOf("inference_gateway_telemetry_dropped_total");
    } finally {
      await gateway.stop();
    }
  };
  expect(await labelsWith(place.settings)).toEqual([{ signal: "history" }]);
  const withContent = await labelsWith({ ...place.settings, HISTORY_CONTENT: "true" });
  expect(withContent).toEqual([{ signal: "history" }, { signal: "history_content" }]);
  expect(await labelsWith({})).toEqual([]);
});
