import type { ClientRequest } from "../core/client-request.ts";
import type { ClientDescription } from "../core/request-context.ts";

/** Says from where a request came. */
export type DescribeClient = (request: ClientRequest) => ClientDescription;

export interface DescribeClientOptions {
  /** Addresses and networks (`10.0.0.0/8`) of proxies whose `X-Forwarded-For` is believed; `unix` is every peer without an address. */
  readonly trustedProxies: readonly string[];
}

/** Proxies in a row that are looked through; a longer header is not one of real proxies. */
const MAX_HOPS = 32;

/** An IPv4 address in the form of an IPv6 one, as a socket for both has it. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;

/** The port that some proxies write after an address. */
const PORT = /^(?:\[([^\]]*)\](?::\d{1,5})?|(\d+\.\d+\.\d+\.\d+):\d{1,5})$/;

/**
 * Makes what says who sent a request: the other end of its connection or, if that is a trusted proxy, the last address in
 * `X-Forwarded-For` that is not a trusted proxy's. What is before that may be made up.
 * @param addressOf the IP address of the other end of the request's connection; undefined if it has none
 */
export function createDescribeClient(
  { trustedProxies }: DescribeClientOptions,
  addressOf: (request: ClientRequest) => string | undefined,
): DescribeClient {
  const isTrusted = createTrust(trustedProxies);

  const clientOf = (request: ClientRequest): string | undefined => {
    let address = addressOf(request)?.replace(MAPPED, "");
    if (!isTrusted(address)) return address;
    const hops = request.headers.get("x-forwarded-for")?.split(",").slice(-MAX_HOPS) ?? [];
    for (const hop of hops.reverse()) {
      const previous = parseAddress(hop.trim());
      if (previous === undefined) return address;
      address = previous;
      if (!isTrusted(address)) return address;
    }
    return address;
  };

  return (request) => ({
    address: clientOf(request),
    userAgent: request.headers.get("user-agent") ?? undefined,
  });
}

function createTrust(proxies: readonly string[]): (address: string | undefined) => boolean {
  if (proxies.length === 0) return () => false;
  // Loaded only here: it brings all of the runtime's sockets into memory.
  const { BlockList, isIPv6 } = process.getBuiltinModule("node:net");
  const familyOf = (address: string): "ipv4" | "ipv6" => (isIPv6(address) ? "ipv6" : "ipv4");
  const networks = new BlockList();
  for (const proxy of proxies) {
    if (proxy === "unix") continue;
    const [address = "", length] = proxy.split("/");
    if (length === undefined) networks.addAddress(address, familyOf(address));
    else networks.addSubnet(address, Number(length), familyOf(address));
  }
  const trustsUnix = proxies.includes("unix");
  return (address) => (address === undefined ? trustsUnix : networks.check(address, familyOf(address)));
}

/** An address as a proxy writes it; undefined if it is none. */
function parseAddress(text: string): string | undefined {
  const [, bracketed, plain = text] = PORT.exec(text) ?? [];
  const address = (bracketed ?? plain).replace(MAPPED, "");
  return process.getBuiltinModule("node:net").isIP(address) === 0 ? undefined : address;
}
