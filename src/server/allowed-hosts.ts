import { isAddress } from "../transport/is-address.ts";

export interface AllowedHostsOptions {
  /** The address that the gateway listens on, as `SERVER_HOST` names it. */
  readonly serverHost: string;
  /** The name of this machine, or of the container. */
  readonly machineName: string;
  /** The entries of `SERVER_ALLOWED_HOSTS`: names, `.example.com`, `*.example.com`, or `*`. */
  readonly allowed: readonly string[];
}

/** Loopback by definition (RFC 6761 section 6.3), and the names that containers use for the machine that they run on. */
const OWN_NAMES = ["localhost", "*.localhost", "host.docker.internal", "host.containers.internal"];

/**
 * Makes the test whether a `Host` is the gateway's own: an IP address, a name of this machine, or one that the operator
 * allows. Any address will do: an attacker's name can be made to resolve to this machine (DNS rebinding), an address
 * cannot, and behind a mapped port the machine does not know the address that clients use.
 * @returns a function of a well-formed `Host`, with or without a port
 */
export function createAllowedHosts({
  serverHost,
  machineName,
  allowed,
}: AllowedHostsOptions): (host: string) => boolean {
  if (allowed.includes("*")) return () => true;
  const names = new Set<string>();
  const suffixes: string[] = [];
  for (const entry of [...OWN_NAMES, serverHost, machineName, machineName.split(".", 1)[0] ?? "", ...allowed]) {
    const name = withoutDot(entry.toLowerCase());
    if (name.startsWith("*.")) {
      suffixes.push(name.slice(1));
    } else if (name.startsWith(".")) {
      suffixes.push(name);
      names.add(name.slice(1));
    } else if (name !== "") {
      names.add(name);
    }
  }
  return (host) => {
    const name = hostNameOf(host);
    return isAddress(name) || names.has(name) || suffixes.some((suffix) => name.endsWith(suffix));
  };
}

/**
 * The name or address in a `Host`, as browsers write it: in lower case, without a port and without the dot of the root.
 * @param host one that a URL can hold
 */
export function hostNameOf(host: string): string {
  return withoutDot(new URL(`http://${host}`).hostname);
}

function withoutDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}
