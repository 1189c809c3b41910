import { HEAD_LIMIT_OPTION } from "../server/limit-heads.ts";

/** The beginning of the command line by which this very program is started again: the executable, and its script where it is one. */
export function ownCommand(): readonly [executable: string, ...script: string[]] {
  const isBinary = Bun.main.startsWith("/$bunfs/");
  if (isBinary) return [process.execPath];
  const given = process.execArgv.filter((option) => option !== HEAD_LIMIT_OPTION);
  return [process.execPath, ...given, HEAD_LIMIT_OPTION, Bun.main];
}

/** What the runtime reads of its environment only when a process starts, where the operator has not set it. */
export const RUNTIME_ENVIRONMENT = {
  /** Its own `fetch` lets 256 requests out at once by default. https://bun.com/docs/runtime/networking/fetch */
  BUN_CONFIG_MAX_HTTP_REQUESTS: "65535",
  /**
   * For so many milliseconds it keeps memory that was freed. By default it gives it back after ten, and between the events
   * of slow streams would give away and ask for the same pages again and again. https://microsoft.github.io/mimalloc/environment.html
   */
  MIMALLOC_PURGE_DELAY: "1000",
} as const;
