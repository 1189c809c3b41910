/** A host as URLs have it: an address of IPv6 in brackets. https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2 */
export const urlHost = (host: string): string => (host.includes(":") ? `[${host}]` : host);
