import type { ModelList } from "../../routing/model-list.ts";
import { describeModel } from "../../routing/describe-model.ts";
import type { ModelExtra } from "../../providers/model-extras.ts";
import type { ModelPolicy } from "../../routing/model-policy.ts";

/** Rendering this many takes about a millisecond; then other requests get their turn. */
const MODELS_PER_TURN = 500;

/**
 * Makes what writes the models of one list that the policy allows as JSON, separated by commas. Each list is rendered once
 * for each set of extras and kept as long as the list is.
 */
export function createModelRenderer(
  policy: ModelPolicy,
): (list: ModelList, extras: readonly ModelExtra[]) => Promise<Buffer> {
  const rendered = new WeakMap<ModelList, Map<string, Promise<Buffer>>>();

  const render = async ({ provider, models }: ModelList, extras: readonly ModelExtra[]): Promise<Buffer> => {
    const slices: Buffer[] = [];
    let slice: string[] = [];
    let seen = 0;
    const endSlice = (): void => {
      if (slice.length === 0) return;
      slices.push(Buffer.from((slices.length > 0 ? "," : "") + slice.join(",")));
      slice = [];
    };
    for (const model of models.values()) {
      if (policy.refusal(provider, model.id) === undefined) {
        slice.push(JSON.stringify(describeModel(provider, model, extras)));
      }
      if (++seen % MODELS_PER_TURN > 0) continue;
      endSlice();
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    endSlice();
    return Buffer.concat(slices);
  };

  return (list, extras) => {
    let byExtras = rendered.get(list);
    if (!byExtras) rendered.set(list, (byExtras = new Map()));
    // Always in the same order: see parseExtras.
    const key = extras.join();
    let body = byExtras.get(key);
    if (!body) byExtras.set(key, (body = render(list, extras)));
    return body;
  };
}
