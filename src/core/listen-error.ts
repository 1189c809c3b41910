/** An address that something other than the gateway's own server was to listen on, and could not. */
export class ListenError extends Error {
  readonly address: string;
  /** Names of the settings that say it. */
  readonly settings: string;

  /** @param cause the runtime's error */
  constructor(address: string, settings: string, cause: unknown) {
    super(`cannot listen on ${address}`, { cause });
    this.address = address;
    this.settings = settings;
  }
}
