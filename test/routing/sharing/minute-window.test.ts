import { expect, test } from "bun:test";
import fc from "fast-check";
import { MINUTE_MS, minuteOf, msUntilRoom } from "../../../src/routing/sharing/minute-window.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

test("what fits is never more than a token bucket of that size lets pass, but for rounding", () => {
  const step = fc.record({ after: fc.integer({ min: 0, max: 40_000 }), need: fc.integer({ min: 1, max: 10 }) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.array(step, { maxLength: 200, size: "max" }), (limit, steps) => {
      let time = 100 * MINUTE_MS;
      let minute = minuteOf(time);
      let [current, before, level] = [0, 0, limit];
      for (const { after, need } of steps) {
        time += after;
        level = Math.min(limit, level + (after * limit) / MINUTE_MS);
        const now = minuteOf(time);
        if (now !== minute) [before, current] = [now === minute + 1 ? current : 0, 0];
        minute = now;
        const taken = Math.min(need, limit);
        if (msUntilRoom(limit, taken, current, before, time) > 0) continue;
        current += taken;
        level -= taken;
        expect(level).toBeGreaterThan(-1 - 1e-6);
      }
    }),
    propertyRuns(1000),
  );
});
