import { expect, test } from "bun:test";
import fc from "fast-check";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { play } from "./play.ts";
import { sharesOf } from "./shares.ts";

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
    propertyRuns(4_000),
  );
  // Otherwise little was simulated.
  expect(answered / requests).toBeGreaterThan(0.5);
  expect(attempts / requests).toBeGreaterThan(1);
}, 600_000);

test("weights hold within two in a hundred, while requests come and go", async () => {
  const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom("round_robin", "priority"), weights, fc.nat(), async (strategy, list, seed) => {
      const total = list.reduce((sum, weight) => sum + weight, 0);
      const shares = await sharesOf(strategy, list, 1000, seed);
      shares.forEach((share, at) => expect(Math.abs(share - (list[at] ?? 0) / total)).toBeLessThan(0.02));
    }),
    propertyRuns(100),
  );
});

test("weights hold within two in a hundred for what belongs together", async () => {
  const shares = await sharesOf("sticky", [1, 2, 5], 100_000, 1);
  [1 / 8, 2 / 8, 5 / 8].forEach((part, at) => expect(Math.abs((shares[at] ?? 0) - part)).toBeLessThan(0.02));
});
