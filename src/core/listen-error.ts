import { urlHost } from "./url-host.ts";

/** An address that something other than the gateway's own server was to listen on, and could not. */
export class ListenError extends Error {
  readonly hostname: string;
  /** As URLs have it, with its port. */
  readonly address: string;
  /** Names of the settings that say it. */
  readonly settings: string;

  /** @param cause the runtime's error */
  constructor(hostname: string, port: number, settings: string, cause: unknown) {
    const address = `${urlHost(hostname)}:${port}`;
    super(`cannot listen on ${address}`, { cause });
    this.hostname = hostname;
    this.address = address;
    this.settings = settings;
  }
}
