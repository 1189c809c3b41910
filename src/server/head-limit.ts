/**
 * Limit of a request line and its header section together. Beyond it the runtime answers a bare 431; its own limit,
 * half of this, would also cut off the longest token and the longest URL, for which the gateway has its own answers.
 */
const MAX_HEAD_BYTES = 32 * 1024;

/** The option of the runtime for it. `.ci/build` gives it to the binary. */
export const HEAD_LIMIT_OPTION = `--max-http-header-size=${MAX_HEAD_BYTES}`;

/**
 * Sets the limit for servers that are started from now on, if the process was not started with it. A module of Node's
 * is the only other way, and brings all of its HTTP, sockets and streams into memory: 2 MiB.
 */
export function limitHeads(): void {
  if (process.execArgv.includes(HEAD_LIMIT_OPTION)) return;
  Object.assign(process.getBuiltinModule("node:http"), { maxHeaderSize: MAX_HEAD_BYTES });
}
