/** The beginning of the command line by which this very program is started again: the executable, and its script where it is one. */
export function ownCommand(): readonly [executable: string, ...script: string[]] {
  const isBinary = Bun.main.startsWith("/$bunfs/");
  return isBinary ? [process.execPath] : [process.execPath, ...process.execArgv, Bun.main];
}

/** The runtime lets 256 requests out at once by default; it reads this when a process starts. https://bun.com/docs/runtime/networking/fetch */
export const REQUEST_LIMIT = { name: "BUN_CONFIG_MAX_HTTP_REQUESTS", value: "65535" } as const;
