import type { ModelExtra } from "../../providers/model-extras.ts";
import type { ListedModel } from "../../providers/model-list-readers.ts";
import type { PublicModel } from "../describe-model.ts";
import type { ModelList } from "../model-lists/model-list.ts";
import type { ModelLists } from "../model-lists/model-lists.ts";
import { loadModelFacts } from "../prices/model-facts.ts";
import type { Target } from "../target.ts";
import { createCommunityFacts } from "./community-facts.ts";
import { dateOf, inCommon, joinStatements, type ModelDetails, type Statement } from "./model-details.ts";
import { createRuntimeFacts, type RuntimeFactsParts } from "./runtime-facts.ts";

/** What is known of models beside their names. */
export interface DetailFinder {
  /**
   * By what providers list, else by what the servers say that run them, else by the tables that are built in. Each is asked
   * only for what those before it do not say. Waits two seconds at most.
   * @returns what is known of each model, in their order
   */
  find(models: readonly PublicModel[], extras: readonly ModelExtra[]): Promise<readonly ModelDetails[]>;
  /** By what providers list, as far as it has been read. Asks nobody. */
  listed(model: PublicModel): ModelDetails;
}

export interface DetailFinderParts extends RuntimeFactsParts {
  readonly lists: ModelLists["lists"];
  /** Loads the tables that are built in. */
  readonly loadFacts?: typeof loadModelFacts;
}

/** A model of one provider. */
interface Asked {
  readonly list: ModelList;
  readonly model: string;
}

export function createDetailFinder({ lists, loadFacts = loadModelFacts, ...parts }: DetailFinderParts): DetailFinder {
  const runtime = createRuntimeFacts(parts);
  const community = createCommunityFacts(loadFacts, parts.clock);
  /** Of a provider whose list was never read something may still be known. */
  const askedFor = ({ provider, model }: Target): Asked => {
    const known = lists.get(provider.endpointKey)?.known;
    return { list: known ?? { provider, models: new Map<string, ListedModel>(), readAt: 0 }, model };
  };

  return {
    async find(models, extras) {
      if (extras.length === 0) return models.map(() => NOTHING);
      const asked = models.map(({ targets }) => targets.map(askedFor));
      const all = asked.flat();
      const listed = new Map(all.map((each) => [each, statementsOf(each)]));
      const add = async (facts: Pick<typeof community, "ask">, wanted: readonly ModelExtra[]): Promise<void> => {
        const needed = all.filter((each) => isNeeded(listed.get(each), wanted));
        const perList = Map.groupBy(needed, ({ list }) => list);
        const found = await Promise.all(
          [...perList].map(([list, each]) => facts.ask(list, [...new Set(each.map(({ model }) => model))])),
        );
        for (const [index, each] of [...perList.values()].entries()) {
          for (const one of each) {
            const statement = found[index]?.get(one.model);
            if (statement) listed.get(one)?.push(statement);
          }
        }
      };
      await add(
        runtime,
        extras.filter((extra) => SAID_BY_SERVERS.has(extra)),
      );
      for (const each of all) listed.get(each)?.push(...limitOf(each));
      await add(
        community,
        extras.filter((extra) => SAID_BY_TABLES.has(extra)),
      );
      return asked.map((targets) => inCommon(targets.map((each) => joinStatements(listed.get(each) ?? []))));
    },
    listed: ({ targets }) =>
      inCommon(targets.map(askedFor).map((each) => joinStatements([...statementsOf(each), ...limitOf(each)]))),
  };
}

const NOTHING: ModelDetails = {};

/** A running server has no prices, and the tables have no modalities. */
const SAID_BY_SERVERS: ReadonlySet<ModelExtra> = new Set<ModelExtra>(["context_window", "modalities"]);
const SAID_BY_TABLES: ReadonlySet<ModelExtra> = new Set<ModelExtra>(["context_window", "pricing"]);

/** Whether one of these is still to be asked for. */
const isNeeded = (said: readonly Statement[] | undefined, wanted: readonly ModelExtra[]): boolean =>
  wanted.some((extra) => said?.every(({ says }) => says[extra] === undefined));

/** What the provider's list says of it. */
function statementsOf({ list, model }: Asked): Statement[] {
  const says = list.models.get(model)?.extras;
  return says ? [{ source: "provider", updated_at: dateOf(list.readAt), says }] : [];
}

/** What the model was made for says little of a running server, which comes before. */
function limitOf({ list, model }: Asked): readonly Statement[] {
  const limit = list.models.get(model)?.extras.context_limit;
  return limit === undefined
    ? []
    : [{ source: "provider", updated_at: dateOf(list.readAt), says: { context_window: limit } }];
}
