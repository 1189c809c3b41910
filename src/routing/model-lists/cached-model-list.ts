import type { TimerSource } from "../../core/deadlines.ts";
import { Failure, FAILURES, toFailure } from "../../core/errors.ts";
import type { ListedModel } from "../../providers/model-list-readers.ts";
import type { Provider } from "../../providers/provider.ts";
import type { NameList } from "../bare-names.ts";
import { firstOfEachId, type ModelList } from "./model-list.ts";
import { shorterForms } from "../model-name.ts";

export interface CachedModelListOptions {
  readonly fetchModels: (provider: Provider, signal: AbortSignal) => Promise<readonly ListedModel[]>;
  /** How long a list counts as fresh; a stale one is still served while one refresh runs. */
  readonly ttlMs: number;
  readonly timeoutMs: number;
  readonly timers: TimerSource;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Called with a provider that could not be listed, unless it fails as it did before. */
  readonly onFailure: (provider: Provider, failure: Failure) => void;
  /** Called with one that can be listed again. */
  readonly onRecovered: (provider: Provider) => void;
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

/** Who asks for all lists does not wait for one that takes longer: some clients wait three seconds for the whole answer. */
const SLOW_AFTER_MS = 1000;

/** How many times the time limit a provider is left alone after a reading that failed slowly. */
const COOL_DOWN_TIMEOUTS = 3;

/** A list being read. */
interface Reading {
  readonly list: Promise<ModelList>;
  /** Resolved when it has taken {@link SLOW_AFTER_MS}. */
  readonly slow: Promise<undefined>;
}

/** One provider's list, and what happened when it was read. */
export class CachedModelList implements NameList {
  readonly provider: Provider;
  #options: CachedModelListOptions;
  /**
   * What is shown. Absent after a failure, because a provider that refuses to answer must not be offered by an old list;
   * one that only was too slow is.
   */
  #shown: ModelList | undefined;
  /** The last one that was read, whatever has failed since. */
  known: ModelList | undefined;
  /** Of {@link known}; made if a name asks for them. */
  #forms: ReadonlySet<string> | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #pending: Reading | undefined;
  #failures = 0;
  #firstFailureAt = 0;
  /** How the last reading failed, if it did so slowly: at its time limit, or after {@link SLOW_AFTER_MS}. */
  #slowFailure: Failure | undefined;
  /** The failure that was reported last, as a text; undefined if the provider has been listed since. */
  #reported: string | undefined;
  lastFailureAt = Number.NEGATIVE_INFINITY;
  isGivenUp = false;

  /** @param before that of the same endpoint with other settings, such as another key: good until this one is read. */
  constructor(provider: Provider, options: CachedModelListOptions, before?: CachedModelList) {
    this.provider = provider;
    this.#options = options;
    if (!before) return;
    this.#shown = before.#shown && { ...before.#shown, provider };
    this.known = before.known && { ...before.known, provider };
  }

  /** From now on it is read as these options say. */
  use(options: CachedModelListOptions): void {
    this.#options = options;
  }

  get ids(): ReadonlyMap<string, ListedModel> | undefined {
    return this.known?.models;
  }

  get isStale(): boolean {
    return this.#options.timers.now() - this.#fetchedAt >= this.#options.ttlMs;
  }

  get isPending(): boolean {
    return this.#pending !== undefined;
  }

  /** Milliseconds for which the provider is not to be asked; 0 or less if it may be. */
  get #coolDownMs(): number {
    if (!this.#slowFailure) return 0;
    const { timeoutMs, timers } = this.#options;
    return this.lastFailureAt + COOL_DOWN_TIMEOUTS * timeoutMs - timers.now();
  }

  hasFormOf(modelId: string): boolean {
    if (!this.known) return false;
    return (this.#forms ??= shorterForms(this.provider, this.known.models.keys())).has(modelId);
  }

  /** Reads it again, unless that is under way, or the provider is left alone for now. Never rejects. */
  async refresh(): Promise<void> {
    if (this.#coolDownMs <= 0) await this.#fetchOnce().list.catch(() => {});
  }

  /**
   * The list to be shown; a stale one while it is read again. Throws `models_failed` or `models_timeout` if there is
   * none.
   */
  async show(): Promise<ModelList> {
    if (!this.#shown) {
      if (this.#slowFailure && this.#coolDownMs > 0) throw this.#slowFailure;
      return this.#fetchOnce().list;
    }
    if (this.isStale) void this.refresh();
    return this.#shown;
  }

  /** Like {@link show} for one list among others: undefined if there is none, or none within {@link SLOW_AFTER_MS}. */
  async showSoon(): Promise<ModelList | undefined> {
    if (this.#shown) return this.show();
    if (this.#slowFailure) {
      void this.refresh();
      return undefined;
    }
    const { list, slow } = this.#fetchOnce();
    return Promise.race([list.catch(() => undefined), slow]);
  }

  /** Concurrent callers share one fetch. */
  #fetchOnce(): Reading {
    if (this.#pending) return this.#pending;
    const { timers } = this.#options;
    const { promise: slow, resolve } = Promise.withResolvers<undefined>();
    const timer = timers.setTimer(() => resolve(undefined), SLOW_AFTER_MS);
    const list = this.#fetch().finally(() => {
      timers.clearTimer(timer);
      this.#pending = undefined;
    });
    return (this.#pending = { list, slow });
  }

  async #fetch(): Promise<ModelList> {
    const { provider } = this;
    const { fetchModels, timeoutMs, timers, clock } = this.#options;
    const controller = new AbortController();
    const startedAt = timers.now();
    const timer = timers.setTimer(() => controller.abort(), timeoutMs);
    try {
      const listed = await fetchModels(provider, controller.signal);
      const list: ModelList = { provider, models: firstOfEachId(listed), readAt: clock() };
      this.#shown = this.known = list;
      this.#forms = undefined;
      this.#fetchedAt = timers.now();
      this.#failures = 0;
      this.#slowFailure = undefined;
      this.isGivenUp = false;
      if (this.#reported !== undefined) this.#options.onRecovered(provider);
      this.#reported = undefined;
      return list;
    } catch (error) {
      const cause = controller.signal.aborted ? undefined : toFailure(error);
      // A deadline of every call may come first.
      const isTimeout = cause === undefined || FAILURES[cause.code].status === 504;
      const isSlow = isTimeout || timers.now() - startedAt >= SLOW_AFTER_MS;
      const failure = new Failure(isTimeout ? "models_timeout" : "models_failed", { provider: provider.id, cause });
      if (!isTimeout) this.#shown = undefined;
      this.#slowFailure = isSlow ? failure : undefined;
      this.#report(cause ?? failure);
      this.#countFailure();
      throw failure;
    } finally {
      timers.clearTimer(timer);
    }
  }

  /** Once: every request for all lists asks a provider again that fails at once. */
  #report(failure: Failure): void {
    const failed = `${failure.code} ${failure.status} ${String(failure.details.cause)}`;
    if (failed !== this.#reported) this.#options.onFailure(this.provider, failure);
    this.#reported = failed;
  }

  #countFailure(): void {
    const at = this.#options.timers.now();
    if (this.#failures++ === 0) this.#firstFailureAt = at;
    this.lastFailureAt = at;
    if (this.known || this.isGivenUp) return;
    this.isGivenUp = this.#failures >= GIVE_UP_AFTER_FAILURES && at - this.#firstFailureAt >= GIVE_UP_AFTER_MS;
    if (this.isGivenUp) this.#options.onGivenUp(this.provider);
  }
}
