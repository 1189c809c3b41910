import { loadOnce } from "../../core/load-once.ts";
import type { ModelExtras } from "../../providers/model-extras.ts";
import type { ModelList } from "../model-lists/model-list.ts";
import { BUILT_IN, type ModelFacts } from "../prices/model-facts.ts";
import type { Statement } from "./model-details.ts";

/** Looking so many up takes up to 3 ms; then other requests get their turn. */
const LOOK_UPS_PER_TURN = 20;

/** So many models of one list are looked up: 300 ms of work. */
const MAX_LOOK_UPS = 2000;

/** Looks models up in the tables that are built in, which it loads when the first one is looked up. */
export interface CommunityFacts {
  /** Each model is looked up once as long as its list is the same. */
  ask(list: ModelList, models: readonly string[]): Promise<ReadonlyMap<string, Statement>>;
}

/** @param clock milliseconds since the epoch, for prices that depend on the time of day */
export function createCommunityFacts(load: () => Promise<ModelFacts>, clock: () => number): CommunityFacts {
  const loaded = loadOnce(load);
  const known = new WeakMap<ModelList, { readonly lookedUp: Set<string>; readonly found: Map<string, Statement> }>();

  return {
    async ask(list, models) {
      const facts = await loaded();
      let ofList = known.get(list);
      if (!ofList) known.set(list, (ofList = { lookedUp: new Set(), found: new Map() }));
      const { lookedUp, found } = ofList;
      if (!facts.has(list.provider)) return found;
      for (const model of models) {
        if (lookedUp.has(model) || lookedUp.size >= MAX_LOOK_UPS) continue;
        lookedUp.add(model);
        const says = facts.find(list.provider, model, new Date(clock()));
        if (says) found.set(model, statement(says));
        if (lookedUp.size % LOOK_UPS_PER_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
      }
      return found;
    },
  };
}

const statement = (says: ModelExtras): Statement => ({ source: "community", updated_at: BUILT_IN.releasedAt, says });
