import type { TimerSource } from "../core/deadlines.ts";
import { Failure, toFailure } from "../core/errors.ts";
import type { ListedModel } from "../providers/model-list-readers.ts";
import type { Provider } from "../providers/provider.ts";
import type { NameList } from "./bare-names.ts";

/**
 * The models of one provider, as it listed them at one time. Never changes, so that what is made from it can be kept.
 */
export interface ModelList {
  readonly provider: Provider;
  /** By their ids, in the provider's order; what it listed twice is here once. */
  readonly models: ReadonlyMap<string, ListedModel>;
}

export interface CachedModelListOptions {
  readonly fetchModels: (provider: Provider, signal: AbortSignal) => Promise<readonly ListedModel[]>;
  /** How long a list counts as fresh; a stale one is still served while one refresh runs. */
  readonly ttlMs: number;
  readonly timeoutMs: number;
  readonly timers: TimerSource;
  /** Called with every provider that could not be listed. */
  readonly onFailure: (provider: Provider, failure: Failure) => void;
  /** Called with a provider whose list was never read, once bare names do not wait for it any more. */
  readonly onGivenUp: (provider: Provider) => void;
}

/**
 * How long bare names wait for a list that was never read: restarts of a provider are over in less, and one that has no
 * list at all must not keep them waiting indefinitely.
 */
const GIVE_UP_AFTER_MS = 60_000;

/** One failure and then a quiet minute prove nothing. */
const GIVE_UP_AFTER_FAILURES = 3;

/** One provider's list, and what happened when it was read. */
export class CachedModelList implements NameList {
  readonly provider: Provider;
  #options: CachedModelListOptions;
  /** What is shown; absent after a failure: a provider that stopped answering must not be offered by an old list. */
  #shown: ModelList | undefined;
  /** The last one that was read, whatever has failed since. */
  #known: ModelList | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #pending: Promise<ModelList> | undefined;
  #failures = 0;
  #firstFailureAt = 0;
  lastFailureAt = Number.NEGATIVE_INFINITY;
  isGivenUp = false;

  /** @param before that of the same endpoint with other settings, such as another key: good until this one is read. */
  constructor(provider: Provider, options: CachedModelListOptions, before?: CachedModelList) {
    this.provider = provider;
    this.#options = options;
    if (!before) return;
    this.#shown = before.#shown && { ...before.#shown, provider };
    this.#known = before.#known && { ...before.#known, provider };
  }

  /** From now on it is read as these options say. */
  use(options: CachedModelListOptions): void {
    this.#options = options;
  }

  get ids(): ReadonlyMap<string, ListedModel> | undefined {
    return this.#known?.models;
  }

  get isStale(): boolean {
    return this.#options.timers.now() - this.#fetchedAt >= this.#options.ttlMs;
  }

  get isPending(): boolean {
    return this.#pending !== undefined;
  }

  /** Reads it again, unless that is under way. Never rejects. */
  refresh(): Promise<void> {
    return this.#fetchOnce().then(
      () => {},
      () => {},
    );
  }

  /**
   * The list to be shown; a stale one while it is read again. Throws `models_failed` or `models_timeout` if there is
   * none.
   */
  async show(): Promise<ModelList> {
    if (!this.#shown) return this.#fetchOnce();
    if (this.isStale) void this.refresh();
    return this.#shown;
  }

  /** Concurrent callers share one fetch. */
  #fetchOnce(): Promise<ModelList> {
    return (this.#pending ??= this.#fetch());
  }

  async #fetch(): Promise<ModelList> {
    const { provider } = this;
    const { fetchModels, timeoutMs, timers, onFailure } = this.#options;
    const controller = new AbortController();
    const timer = timers.setTimer(() => controller.abort(), timeoutMs);
    try {
      const listed = await fetchModels(provider, controller.signal);
      const list: ModelList = { provider, models: firstOfEachId(listed) };
      this.#shown = this.#known = list;
      this.#fetchedAt = timers.now();
      this.#failures = 0;
      this.isGivenUp = false;
      return list;
    } catch (error) {
      this.#shown = undefined;
      const cause = toFailure(error);
      onFailure(provider, cause);
      this.#countFailure();
      const code = controller.signal.aborted ? "models_timeout" : "models_failed";
      throw new Failure(code, { provider: provider.id, cause });
    } finally {
      timers.clearTimer(timer);
      this.#pending = undefined;
    }
  }

  #countFailure(): void {
    const at = this.#options.timers.now();
    if (this.#failures++ === 0) this.#firstFailureAt = at;
    this.lastFailureAt = at;
    if (this.#known || this.isGivenUp) return;
    this.isGivenUp = this.#failures >= GIVE_UP_AFTER_FAILURES && at - this.#firstFailureAt >= GIVE_UP_AFTER_MS;
    if (this.isGivenUp) this.#options.onGivenUp(this.provider);
  }
}

function firstOfEachId(models: readonly ListedModel[]): ReadonlyMap<string, ListedModel> {
  const byId = new Map<string, ListedModel>();
  for (const model of models) if (!byId.has(model.id)) byId.set(model.id, model);
  return byId;
}
