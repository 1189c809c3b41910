/** The start of the command line that runs this program again: the executable, and its script if it is one. */
export function ownCommand(): readonly [executable: string, ...script: string[]] {
  const isBinary = Bun.main.startsWith("/$bunfs/");
  return isBinary ? [process.execPath] : [process.execPath, ...process.execArgv, Bun.main];
}

/**
 * What the runtime reads from its environment only when a process starts, if the operator has not set it. When its last
 * compiler is asked is left as it is: sixteen times later (BUN_JSC_thresholdForFTLOptimizeAfterWarmUp), the first 15,000
 * requests took 58 µs of CPU each instead of 91, but those from 35,000 to 150,000 took 50 instead of 42. Nor is freed memory kept
 * for longer than the runtime's 100 ms (MIMALLOC_PURGE_DELAY): a second made a burst of events take 20 MiB more, and nothing faster.
 */
export const RUNTIME_ENVIRONMENT = {
  /**
   * After so many seconds in which memory has not grown all garbage is collected, and again after further times: never, because
   * `collectWhenQuiet` does it at better ones. https://github.com/oven-sh/bun/pull/43174
   */
  BUN_IDLE_GC_SECONDS: "0",
  /** Its own `fetch` lets 256 requests out at once by default. https://bun.com/docs/runtime/networking/fetch */
  BUN_CONFIG_MAX_HTTP_REQUESTS: "65535",
  /**
   * Looks so seldom, in milliseconds, for free memory between what is used. By default it is every 100: a thread of its own
   * walks all memory of each thread that sleeps, and one that wakes meanwhile has to wait for it. At 300 chats a second that
   * took 15 to 20 µs of each, and now takes 2. https://github.com/oven-sh/mimalloc
   */
  MIMALLOC_PURGE_HOLES_MIN_INTERVAL: "1000",
} as const;

/** The process begins again, under the same id, with what the runtime reads only when it starts; unless it has it. */
export function startAsConfigured(): void {
  const isConfigured = Object.keys(RUNTIME_ENVIRONMENT).every((name) => process.env[name] !== undefined);
  if (isConfigured || typeof process.execve !== "function") return;
  process.execve(process.execPath, [...ownCommand(), ...process.argv.slice(2)], {
    ...RUNTIME_ENVIRONMENT,
    ...process.env,
  });
}
