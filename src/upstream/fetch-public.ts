import { urlHost } from "../core/url-host.ts";
import { Failure } from "../core/errors.ts";
import { isAddress } from "./http1/origin.ts";
import { isPublicAddress } from "./public-address.ts";

/** Why something of the public internet was not got, in a few words that a client may read. */
export class NotFetched extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "NotFetched";
  }
}

export interface PublicFetchParts {
  readonly fetch: (url: string, init: BunFetchRequestInit) => Promise<Response>;
  /** All addresses of a host name. */
  readonly lookup: (hostname: string) => Promise<readonly { readonly address: string }[]>;
  /** What the gateway calls itself. */
  readonly userAgent: string;
}

export interface PublicFetchLimits {
  readonly signal: AbortSignal;
  /** Called with the length of each piece of the body that has come; throws if it is too much. */
  readonly onBytes: (length: number) => void;
}

export interface Fetched {
  readonly bytes: Uint8Array;
  /** In lower case, without parameters; blank if the server did not say. */
  readonly mediaType: string;
}

const MAX_REDIRECTS = 3;
const MAX_URL_CHARACTERS = 8192;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Gets what is at an address that a client named. */
export type FetchPublic = (url: string, limits: PublicFetchLimits) => Promise<Fetched>;

/**
 * Creates what gets things from the public internet at the order of clients, who must not reach through it what only the
 * gateway can: each host, that of each redirect too, must have public addresses only, and the connection goes to the very
 * address that was looked at, because a name may have another one a moment later. Nothing of the client's request goes
 * along, and no proxy of the environment is asked, which would look up the name itself.
 * @returns throws {@link NotFetched}, or the reason of the signal
 */
export function createFetchPublic(parts: PublicFetchParts): FetchPublic {
  return async (url, limits) => {
    let next = url;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const response = await fetchOnce(parts, parseTarget(next), limits.signal);
      if (!REDIRECTS.has(response.status)) return readAnswer(response, limits);
      const location = response.headers.get("location");
      await response.body?.cancel();
      if (location === null || !URL.canParse(location, next)) throw new NotFetched("it redirects to nowhere");
      next = new URL(location, next).href;
    }
    throw new NotFetched(`it redirects more than ${MAX_REDIRECTS} times`);
  };
}

function parseTarget(url: string): URL {
  if (url.length > MAX_URL_CHARACTERS) throw new NotFetched(`its URL is longer than ${MAX_URL_CHARACTERS} characters`);
  if (!URL.canParse(url)) throw new NotFetched("its URL is none");
  const parsed = new URL(url);
  if (!/^https?:$/.test(parsed.protocol)) throw new NotFetched("only http and https URLs are fetched");
  if (parsed.username !== "" || parsed.password !== "") throw new NotFetched("its URL holds credentials");
  return parsed;
}

async function fetchOnce({ fetch, lookup, userAgent }: PublicFetchParts, url: URL, signal: AbortSignal) {
  const { hostname, host, protocol } = url;
  const name = hostname.replace(/^\[|\]$/g, "");
  const addresses = isAddress(hostname) ? [name] : await addressesOf(name, lookup, signal);
  const [address] = addresses;
  // All of them: the next lookup may give them in another order.
  if (address === undefined || !addresses.every(isPublicAddress)) throw new NotFetched("its host is not a public one");
  const pinned = new URL(url);
  pinned.hostname = urlHost(address);
  pinned.hash = "";
  try {
    return await fetch(pinned.href, {
      headers: { host, accept: "image/*, application/pdf;q=0.9", "user-agent": userAgent },
      ...(protocol === "https:" && !isAddress(hostname) && { tls: { serverName: name } }),
      // A connection that is kept would be found by its address, and may be that of another name.
      keepalive: false,
      redirect: "manual",
      proxy: false,
      signal,
    });
  } catch {
    signal.throwIfAborted();
    throw new NotFetched("its server cannot be reached");
  }
}

async function addressesOf(
  name: string,
  lookup: PublicFetchParts["lookup"],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    // The system's own wait for a name has no end that could be set.
    const found = await Promise.race([lookup(name), aborted]);
    return found.map(({ address }) => address);
  } catch {
    signal.throwIfAborted();
    throw new NotFetched("its host has no address");
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function readAnswer(response: Response, { onBytes, signal }: PublicFetchLimits): Promise<Fetched> {
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new NotFetched(`its server answers with status ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of response.body ?? []) {
      onBytes(chunk.length);
      chunks.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof NotFetched || error instanceof Failure ? error : new NotFetched("it breaks off");
  }
  const [type = ""] = (response.headers.get("content-type") ?? "").split(";", 1);
  return { bytes: Buffer.concat(chunks), mediaType: type.trim().toLowerCase() };
}
