const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

/**
 * Whether the host of a URL is an IP address. A parsed URL has IPv4 in its dotted form only, and a colon in no other host
 * than IPv6. Not `isIP` of `node:net`, which brings all of the runtime's sockets and streams into memory.
 * @param hostname as in a parsed URL, with the brackets of IPv6 or without.
 */
export function isAddress(hostname: string): boolean {
  return hostname.includes(":") || IPV4.test(hostname);
}
