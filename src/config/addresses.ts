/** Not that of `node:net`, which brings all of the runtime's sockets and streams into memory. */
export function isIPv6(text: string): boolean {
  return /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]`);
}

export function isIPv4(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split(".").every((part) => Number(part) <= 255);
}

/** A name whose last part is no number, as addresses have it. https://www.rfc-editor.org/rfc/rfc1123#section-2.1 */
const HOST_NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*(?!\d+\.?$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.?$/i;

export const ACCEPTED_HOSTS = "an IP address or a host name, without a scheme and a port";

/** Reads an address to listen on. @returns undefined if it is none; one of IPv6 without its brackets, with its zone */
export function parseHost(text: string): string | undefined {
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  if (isIPv6(bare.replace(/%[a-z0-9._-]+$/i, ""))) return bare;
  return isIPv4(text) || HOST_NAME.test(text) ? text : undefined;
}
