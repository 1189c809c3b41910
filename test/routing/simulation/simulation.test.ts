import { expect, test } from "bun:test";
import fc from "fast-check";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { play } from "./play.ts";

test("with random providers, deployments that cool are left alone, attempts are bounded, all ends, and all is given back", async () => {
  let [answered, requests, attempts] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(fc.noShrink(fc.nat()), async (seed) => {
      const played = await play(seed);
      answered += played.answered;
      requests += played.requests;
      attempts += played.attempts;
      return played.faults.length === 0 || Promise.reject(new Error(played.faults.join("\n")));
    }),
    propertyRuns(10_000),
  );
  // Otherwise little was simulated.
  expect(answered / requests).toBeGreaterThan(0.5);
  expect(attempts / requests).toBeGreaterThan(1);
}, 600_000);
