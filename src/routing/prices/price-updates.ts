import type { TimerSource } from "../../core/deadlines.ts";
import { readBoundedBody } from "../../core/read-bounded-body.ts";
import { type ListedProviders, readListedProviders } from "./listed-providers.ts";

/** The way out, through the operator's proxy if there is one. */
export type FetchPrices = (url: string, init: BunFetchRequestInit) => Promise<Response>;

/** The newest list of prices. */
export interface PriceUpdates {
  /** @returns undefined while none could be had */
  newest(): ListedProviders | undefined;
  /** Fetches it now, unless it is new, and then again and again. @returns ends that, unless it was started anew */
  start(fetch: FetchPrices): () => void;
}

/** The data as its authors publish it. https://github.com/pydantic/genai-prices */
export const PRICES_URL = "https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/new_data/v2/data.json";

const FRESH_MS = 24 * 60 * 60_000;
const RETRY_MS = 60 * 60_000;
const TIMEOUT_MS = 30_000;
/** It has 1 MB now. */
const MAX_BYTES = 16 * 1024 * 1024;

export interface PriceUpdatesParts {
  readonly timers: TimerSource;
  readonly onChange: (problem: string | undefined) => void;
}

export function createPriceUpdates({ timers, onChange }: PriceUpdatesParts): PriceUpdates {
  let newest: ListedProviders | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let current: { readonly fetch: FetchPrices } | undefined;
  let timer: unknown;
  let isFailing = false;
  let isRunning = false;

  const schedule = (delayMs: number): void => {
    timers.clearTimer(timer);
    timer = timers.setTimer(() => void run(), delayMs);
  };

  const run = async (): Promise<void> => {
    if (!current || isRunning) return;
    isRunning = true;
    const problem = await fetchNewest(current.fetch).then(
      (providers) => {
        newest = providers;
        fetchedAt = timers.now();
        return undefined;
      },
      (error: unknown) => (error instanceof NotHad ? error.message : "it cannot be fetched"),
    );
    isRunning = false;
    if (!current) return;
    if ((problem !== undefined) !== isFailing) onChange(problem);
    isFailing = problem !== undefined;
    schedule(isFailing ? RETRY_MS : FRESH_MS);
  };

  return {
    newest: () => newest,
    start(fetch) {
      const started = { fetch };
      current = started;
      schedule(Math.max(0, fetchedAt + FRESH_MS - timers.now()));
      return () => {
        if (current !== started) return;
        current = undefined;
        timers.clearTimer(timer);
      };
    },
  };
}

/** Why there are no newer prices, in words for the log. */
class NotHad extends Error {}

async function fetchNewest(fetch: FetchPrices): Promise<ListedProviders> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const headers = { accept: "application/json" };
  const response = await fetch(PRICES_URL, { headers, redirect: "error", proxy: false, signal }).catch(() => {
    throw new NotHad(signal.aborted ? `it did not come within ${TIMEOUT_MS / 1000} s` : "it cannot be fetched");
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new NotHad(`it was answered with status ${response.status}`);
  }
  const bytes = await readBoundedBody(response, MAX_BYTES);
  if (!bytes) throw new NotHad("it is too long");
  const providers = readListedProviders(bytes);
  if (!providers) throw new NotHad("it is no list of prices");
  return providers;
}
