const THIS_MACHINE = /^(localhost|.+\.localhost|127\.[\d.]+|\[::1\])$/i;

/**
 * Makes what tells whether a URL is called without the egress proxy: its host is an address of this machine, or one that the
 * operator exempted.
 * @param exempt the entries of `CLIENT_NO_PROXY`; each stands for its subdomains too
 */
export function directHosts(exempt: readonly string[]): (url: string) => boolean {
  const hosts = exempt.map(hostOfEntry);
  return (url) => {
    const { hostname } = new URL(url);
    return THIS_MACHINE.test(hostname) || hosts.some((host) => hostname === host || hostname.endsWith(`.${host}`));
  };
}

/** What the operator wrote, as a URL's `hostname` reads: without the mark for subdomains, an IPv6 address in brackets. */
function hostOfEntry(entry: string): string {
  const host = entry.toLowerCase().replace(/^(\*?\.)/, "");
  return host.includes(":") && !host.startsWith("[") ? new URL(`http://[${host}]`).hostname : host;
}
