/** Where to listen. */
export interface PortAddress {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** A port that is kept from others until the servers that share it take it over. */
export interface HeldPort {
  readonly port: number;
  /** Resolves when the port is free. Another call does nothing. */
  release(): Promise<void>;
}

/**
 * Listens on an address alone. A port that several servers share is shared with anyone who would share it,
 * so this is what refuses a second gateway; it also chooses the one port of all of them if the settings leave it open.
 * @throws the runtime's error if the address cannot be listened on.
 */
export function holdPort({ hostname, port }: PortAddress): HeldPort {
  // A server rather than a bare socket: its errors are those that a gateway without workers would meet.
  const server = Bun.serve({
    hostname,
    port,
    reusePort: false,
    development: false,
    fetch: () =>
      Response.json(
        { error: "The gateway is starting" },
        { status: 503, headers: { "retry-after": "1", connection: "close" } },
      ),
  });
  let released: Promise<void> | undefined;
  return {
    port: server.port ?? port,
    release() {
      released ??= server.stop(true);
      return released;
    },
  };
}
