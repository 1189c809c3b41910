import { Failure } from "../failure/failure.ts";
import type { Provider } from "../providers/provider.ts";

const VERSION_SEGMENT = /^v\d+[a-z0-9]*$/i;
const ABSOLUTE_URL = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * The URL of a provider for a raw path that a client gave, always below the provider's base URL.
 * A version segment with which the base URL ends is not doubled.
 * @param path the path as it stood in the request, still percent-encoded, without the leading slash.
 * @param search the query with its `?`, or nothing; it is passed on as it is.
 * @throws Failure `path_not_allowed` where the path could lead anywhere else.
 */
export function targetUrl(provider: Provider, path: string, search: string): string {
  requireHarmless(path);
  const base = provider.baseUrl;
  const lastSegment = base.slice(base.lastIndexOf("/") + 1);
  const [firstSegment = ""] = path.split("/", 1);
  const doubled = VERSION_SEGMENT.test(lastSegment) && firstSegment.toLowerCase() === lastSegment.toLowerCase();
  const url = `${base}/${doubled ? path.slice(firstSegment.length + 1) : path}${search}`;
  // What the check above should have made impossible, asked of the parser that the request will go through.
  const parsed = new URL(url);
  const expected = new URL(base);
  if (
    parsed.origin !== expected.origin ||
    !`${parsed.pathname}/`.startsWith(`${expected.pathname.replace(/\/$/, "")}/`)
  ) {
    throw new Failure("path_not_allowed", { provider: provider.id });
  }
  return url;
}

function requireHarmless(path: string): void {
  const refuse = (reason: string): never => {
    throw new Failure("path_not_allowed", { message: `Path is not allowed: ${reason}` });
  };
  if (path.startsWith("/")) refuse("it must not begin with an authority");
  if (ABSOLUTE_URL.test(path)) refuse("it must not be an absolute URL");
  for (const segment of path.split("/")) {
    const decoded = decodeFully(segment);
    if (decoded === undefined) refuse("it is not validly percent-encoded");
    else if (/^\.{1,2}(;.*)?$/.test(decoded)) refuse("it must not contain dot segments");
    else if (/[/\\]/.test(decoded)) refuse("it must not contain encoded slashes");
    else if (/[\u0000-\u001f\u007f]/.test(decoded)) refuse("it must not contain control characters");
  }
}

/** Undoes percent-encoding until nothing changes, because some servers decode twice. */
function decodeFully(segment: string): string | undefined {
  let decoded = segment;
  try {
    for (let next = decodeURIComponent(decoded); next !== decoded; next = decodeURIComponent(decoded)) decoded = next;
  } catch {
    // A lone percent sign is only wrong where it came from the client; after one round it may be meant.
    return decoded === segment ? undefined : decoded;
  }
  return decoded;
}
