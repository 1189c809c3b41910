import type { ModelExtra, ModelExtras } from "../../providers/model-extras.ts";
import type { Modalities, Modality } from "../../providers/model-modalities.ts";
import type { TokenPrices } from "../../providers/model-prices.ts";

/** Who says it: the provider's list of models, the server that runs the model, or the tables that are built in. */
export type DetailSource = "provider" | "runtime" | "community";

export interface Told {
  readonly source: DetailSource;
  /** When it was read, or of when the table is, in RFC 3339. */
  readonly updated_at: string;
}

/** What clients can ask for of a model, as they read it; absent if nobody says it. */
export interface ModelDetails {
  readonly context_window?: { readonly tokens: number } & Told;
  readonly pricing?: TokenPrices & Told;
  readonly modalities?: Modalities & Told;
}

/** What somebody says of a model. */
export interface Statement extends Told {
  readonly says: ModelExtras;
}

/** What the first says who says it. */
export function joinStatements(statements: readonly Statement[]): ModelDetails {
  const first = (extra: ModelExtra): Statement | undefined => statements.find(({ says }) => says[extra] !== undefined);
  const window = first("context_window");
  const tokens = window?.says.context_window;
  const prices = first("pricing");
  const modalities = first("modalities");
  return {
    ...(window && tokens !== undefined && { context_window: { tokens, ...toldBy(window) } }),
    ...(prices?.says.pricing && { pricing: { ...prices.says.pricing, ...toldBy(prices) } }),
    ...(modalities?.says.modalities && { modalities: { ...modalities.says.modalities, ...toldBy(modalities) } }),
  };
}

const toldBy = ({ source, updated_at }: Statement): Told => ({ source, updated_at });

/** In seconds, as the providers' own times are. */
export const dateOf = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");

/**
 * What is true of several models, any of which may answer: the smallest context window, prices that are the same for all,
 * and what all take in and give out.
 */
export function inCommon([one, ...others]: readonly ModelDetails[]): ModelDetails {
  if (!one) return {};
  return others.reduce<ModelDetails>(
    (common, next) => ({
      ...withBoth(common.context_window, next.context_window, (a, b) => ({
        context_window: a.tokens <= b.tokens ? a : b,
      })),
      ...withBoth(common.pricing, next.pricing, (a, b) =>
        samePrices(a, b) ? { pricing: { ...a, ...toldByBoth(a, b) } } : {},
      ),
      ...withBoth(common.modalities, next.modalities, (a, b) => {
        const input = shared(a.input, b.input);
        const output = shared(a.output, b.output);
        return input.length + output.length === 0 ? {} : { modalities: { input, output, ...toldByBoth(a, b) } };
      }),
    }),
    one,
  );
}

function withBoth<Detail>(
  one: Detail | undefined,
  other: Detail | undefined,
  join: (one: Detail, other: Detail) => ModelDetails,
): ModelDetails {
  return one === undefined || other === undefined ? {} : join(one, other);
}

/** In the order in which sources are believed. */
const SOURCES: readonly DetailSource[] = ["provider", "runtime", "community"];

/** The less certain source, and the older date. */
function toldByBoth(one: Told, other: Told): Told {
  const source = SOURCES.indexOf(one.source) > SOURCES.indexOf(other.source) ? one.source : other.source;
  return { source, updated_at: one.updated_at < other.updated_at ? one.updated_at : other.updated_at };
}

function samePrices(one: TokenPrices & Told, other: TokenPrices & Told): boolean {
  const bare = ({ source, updated_at, ...prices }: TokenPrices & Told): object => prices;
  return Bun.deepEquals(bare(one), bare(other));
}

const shared = (some: readonly Modality[], others: readonly Modality[]): readonly Modality[] =>
  some.filter((modality) => others.includes(modality));
