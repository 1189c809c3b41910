import { expect, test } from "bun:test";
import fc from "fast-check";
import { Failure } from "../../../src/core/errors.ts";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import { FAMILY_ROWS } from "../../../src/telemetry/metrics/families.ts";
import { copyStore, createMetricStore, type MetricStore } from "../../../src/telemetry/metrics/metric-store.ts";
import { createTakePush, type PushedBody } from "../../../src/telemetry/metrics/push/open-push.ts";
import { MAX_PUSHED_SERIES, OTHER, OWN_SOURCE } from "../../../src/telemetry/metrics/series.ts";
import { encodeOfficial } from "../../fixtures/otlp-schema.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { attributes, histogram, REQUEST, requestOf, sum } from "./pushing.ts";

const name = fc.constantFrom(
  ...["gen_ai.client.token.usage", "gen_ai.server.request.duration", "gen_ai.execute_tool.duration"],
  ...["inference_gateway.tool_calls", "inference_gateway.guardrails", "my.metric"],
);
const labels = fc
  .dictionary(
    fc.constantFrom("source", "team", "gen_ai.request.model", "gen_ai.token.type", "error.type", "phase", "x"),
    fc.oneof(fc.constantFrom("a", "b", "gateway", ""), fc.string({ unit: "grapheme", maxLength: 5 })),
  )
  .map(attributes);
const whole = fc.oneof(fc.nat(1000), fc.integer(), fc.maxSafeInteger());
const number = fc.oneof(
  fc.record({ asInt: whole, attributes: labels }),
  fc.record({ asDouble: fc.double({ noNaN: true, noDefaultInfinity: true }), attributes: labels }),
  fc.record({ attributes: labels, flags: fc.nat(3) }),
);
const ranges = fc.array(fc.nat(100), { minLength: 1, maxLength: 20 }).chain((bucketCounts) =>
  fc.record(
    {
      bucketCounts: fc.constant(bucketCounts),
      explicitBounds: fc
        .uniqueArray(fc.double({ min: 0, max: 1e6, noNaN: true }), {
          minLength: bucketCounts.length - 1,
          maxLength: bucketCounts.length - 1,
        })
        .map((bounds) => bounds.map((bound) => bound + 0).toSorted((one, other) => one - other)),
      count: fc.oneof(fc.constant(bucketCounts.reduce((total, each) => total + each, 0)), fc.nat(10)),
      sum: fc.double({ min: 0, max: 1e9, noNaN: true }),
      attributes: labels,
    },
    { requiredKeys: ["bucketCounts", "explicitBounds", "count", "attributes"] },
  ),
);
const more = fc.record({
  aggregationTemporality: fc.constantFrom(1, 1, 1, 2),
  isMonotonic: fc.constantFrom(true, true, false),
});
const metric = fc.oneof(
  fc.tuple(name, fc.array(number, { maxLength: 4 }), more).map(([given, points, rest]) => sum(given, points, rest)),
  fc
    .tuple(name, fc.array(ranges, { maxLength: 4 }), more)
    .map(([given, points, { aggregationTemporality }]) => histogram(given, points, { aggregationTemporality })),
);
const request = fc
  .tuple(fc.array(metric, { maxLength: 5 }), fc.option(fc.constantFrom("service", "gateway"), { nil: undefined }))
  .map(([metrics, service]) => requestOf(metrics, service));

const PUSHER = { team: undefined, signal: { aborted: false } };

/** What a request makes of no metrics at all. */
async function pushed(body: PushedBody): Promise<{ readonly store: MetricStore; readonly answer: Uint8Array }> {
  const store = createMetricStore();
  return { store, answer: await createTakePush(store)(body, PUSHER) };
}

test("a request means the same in both encodings", async () => {
  await fc.assert(
    fc.asyncProperty(request, async (given) => {
      const inJson = await pushed({ json: JSON.parse(JSON.stringify(given)) as JsonObject });
      const inProtobuf = await pushed({ protobuf: encodeOfficial(REQUEST, given) });
      expect(copyStore(inProtobuf.store)).toEqual(copyStore(inJson.store));
      expect(inProtobuf.answer.length === 0).toBe(Buffer.from(inJson.answer).toString() === "{}");
    }),
    propertyRuns(150),
  );
});

test("of a histogram that is taken, count and sum are exact, whatever its bounds", async () => {
  await fc.assert(
    fc.asyncProperty(ranges, async (given) => {
      const { store, answer } = await pushed({
        protobuf: encodeOfficial(REQUEST, requestOf([histogram("gen_ai.execute_tool.duration", [given])])),
      });
      const { toolDuration: series } = store;
      const last = series.width - 1;
      const counts = Array.from({ length: last }, (_, index) => series.valueAt(0, index));
      const isTaken = answer.length === 0 && given.count > 0;
      expect(counts.reduce((total, each) => total + each, 0)).toBe(isTaken ? given.count : 0);
      if (isTaken && given.sum !== undefined) expect(series.valueAt(0, last)).toBe(given.sum);
    }),
    propertyRuns(200),
  );
});

test("whatever bytes come, they are counted or refused, and no number becomes another thing", async () => {
  const changed = fc
    .tuple(request, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), fc.nat())
    .map(([given, changes, cut]) => {
      const bytes = encodeOfficial(REQUEST, given);
      for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
      return cut % 3 === 0 ? bytes.subarray(0, cut % (bytes.length + 1)) : bytes;
    });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), changed), async (bytes) => {
      try {
        const { store } = await pushed({ protobuf: bytes });
        for (const [family] of FAMILY_ROWS) {
          const { values } = store[family].copy();
          expect(values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
        expect((error as Failure).code).toBe("malformed_body");
      }
    }),
    propertyRuns(400),
  );
});

test("of several processes, too, no more series of others are shown, and none of the gateway's own is lost", () => {
  const shown = createMetricStore().toolCalls;
  for (const process of ["one", "other"]) {
    const { toolCalls } = createMetricStore();
    for (let index = 0; index < MAX_PUSHED_SERIES; index++) toolCalls.add(toolCalls.slot([process, `t${index}`]), 1);
    toolCalls.add(toolCalls.slot([OWN_SOURCE, process]), 1);
    shown.merge(toolCalls.copy());
  }
  const others = shown.rows.filter(([source]) => source !== OWN_SOURCE);
  expect(others.length).toBe(MAX_PUSHED_SERIES + 1);
  expect(shown.valueAt(shown.slot([OTHER, OTHER]))).toBe(MAX_PUSHED_SERIES);
  expect(shown.rows.filter(([source]) => source === OWN_SOURCE)).toEqual([
    [OWN_SOURCE, "one"],
    [OWN_SOURCE, "other"],
  ]);
});
