import { SettingError } from "../../core/errors.ts";
import type { TimerSource } from "../../core/deadlines.ts";
import { type ResponseStore, type StoreLimits, StoreUnavailable } from "./store.ts";

/** Where responses are kept; `url` of a Redis server. */
export type ResponseStoreOptions = StoreLimits &
  ({ readonly kind: "sqlite"; readonly path: string } | { readonly kind: "redis"; readonly url: string });

export interface ResponseStoreParts {
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timers: TimerSource;
  /** Called when the store stops or starts to answer; undefined means that it answers. */
  readonly onChange: (problem: string | undefined) => void;
}

/**
 * Opens the store that the options name; only its code is loaded.
 * @throws SettingError if its file cannot be used. A server that is away is not waited for.
 */
export async function openResponseStore(
  options: ResponseStoreOptions,
  { clock, timers, onChange }: ResponseStoreParts,
): Promise<ResponseStore> {
  if (options.kind === "redis") {
    const { createRedisStore } = await import("./redis-store.ts");
    return reporting(createRedisStore(options.url, options, { clock, timers }), onChange);
  }
  const { openSqliteStore } = await import("./sqlite-store.ts");
  try {
    return reporting(await openSqliteStore(options.path, options, { clock, timers }), onChange);
  } catch (error) {
    throw new SettingError("RESPONSES_STORE_PATH", error instanceof Error ? error.message : String(error));
  }
}

/** Says when a store is away, and when it is back, each once. */
function reporting(store: ResponseStore, onChange: ResponseStoreParts["onChange"]): ResponseStore {
  let isAway = false;
  const report = (problem: string | undefined): void => {
    if (isAway === (problem !== undefined)) return;
    isAway = problem !== undefined;
    onChange(problem);
  };
  const watch = async <Result>(call: Promise<Result>): Promise<Result> => {
    try {
      const result = await call;
      report(undefined);
      return result;
    } catch (error) {
      if (error instanceof StoreUnavailable) report(error.message);
      throw error;
    }
  };
  return {
    put: (entry) => watch(store.put(entry)),
    read: (owner, ids) => watch(store.read(owner, ids)),
    find: (owner, items) => watch(store.find(owner, items)),
    remove: (owner, id) => watch(store.remove(owner, id)),
    close: () => store.close(),
  };
}
