import { createRandom } from "../../fixtures/random.ts";
import type { Lease } from "../../../src/routing/engine/route.ts";
import type { StrategyName } from "../../../src/routing/models/model-options.ts";
import { openTestRouter, sketch } from "../engine/open-test-router.ts";

/**
 * Which part of the requests each deployment gets, of those that all answer at once and hold their answers for a while.
 * @param weights of the deployments
 */
export async function sharesOf(
  strategy: StrategyName,
  weights: readonly number[],
  requests: number,
  seed: number,
): Promise<readonly number[]> {
  const random = createRandom(seed);
  const rig = openTestRouter([
    sketch("fast", { strategy, deployments: weights.map((weight) => ({ weight, priority: 0 })) }),
  ]);
  const held: Lease[] = [];
  const counts = weights.map(() => 0);
  for (let number = 0; number < requests; number++) {
    const { deployment, lease } = await rig.router.run(rig.route("fast"), {
      ...rig.request(() => ({ answer: Promise.resolve("good"), cancel() {} })),
      stickyKey: `conversation ${number}`,
    });
    const at = rig.models[0]?.deployments.indexOf(deployment) ?? 0;
    counts[at] = (counts[at] ?? 0) + 1;
    held.push(lease);
    // Not with many in flight, which an owner of what belongs together is left for.
    if (strategy === "sticky" || random.below(10) < 3) for (const each of held.splice(0)) each.settle(undefined);
  }
  for (const each of held) each.settle(undefined);
  return counts.map((count) => count / requests);
}
