import type { Provider } from "./provider.ts";

const VERSION_SEGMENT = /^v\d+[a-z0-9]*$/i;

/** The path of a URL, with its query, as it is written; blank if there is none. */
export function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + "://".length);
  return start < 0 ? "" : url.slice(start);
}

/** Whether a path has a version in it, as that of a whole API has: `/anthropic/v1/messages`. */
export function hasVersion(path: string): boolean {
  return path.split("/").some((segment) => VERSION_SEGMENT.test(segment));
}

/** How the base URLs of OpenAI-compatible APIs end: `/v1`, `/openai/v1`, `/v1beta/openai`. */
const API_PATH = /(?:\/openai)?\/v\d+[a-z0-9]*(?:\/openai)?$/i;

/**
 * The root of a provider: its base URL without the part that leads to its API.
 * @param basePath that part as the provider's row knows it; of a base URL that ends otherwise it is what most have.
 */
export function rootOf(baseUrl: string, basePath: string): string {
  const path = pathOf(baseUrl);
  if (basePath !== "" && path.endsWith(basePath)) return baseUrl.slice(0, -basePath.length);
  const [end = ""] = API_PATH.exec(path) ?? [];
  return baseUrl.slice(0, baseUrl.length - end.length);
}

/**
 * Puts a path where its provider has it: one that begins as the path of the base URL does, or with what is known to be
 * below the provider's root, is below that; any other is below the base URL. What is in both is not doubled.
 * @param path without the leading slash
 * @param isBelowRoot that is known already
 */
export function joinPath(
  { baseUrl, rootUrl, rootPaths }: Pick<Provider, "baseUrl" | "rootUrl" | "rootPaths">,
  path: string,
  isBelowRoot = false,
): string {
  const asked = path.split("/");
  const base = segmentsOf(pathOf(baseUrl));
  const overlap = overlapOf(base, asked);
  if (overlap > 0) return `${baseUrl}/${asked.slice(overlap).join("/")}`;
  const rootPath = pathOf(rootUrl);
  const root = segmentsOf(rootPath);
  if (root.length > 0 && root.length < asked.length && isSame(root, asked.slice(0, root.length))) {
    return rootUrl.slice(0, rootUrl.length - rootPath.length) + `/${path}`;
  }
  const [first = ""] = asked;
  const isRooted =
    isBelowRoot ||
    first === base[root.length] ||
    rootPaths.some((begin) => begin === "*" || `${path}/`.startsWith(`${begin}/`));
  return `${isRooted ? rootUrl : baseUrl}/${path}`;
}

const segmentsOf = (path: string): string[] => path.split("/").filter((segment) => segment !== "");

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((segment, index) => segment.toLowerCase() === other[index]?.toLowerCase());

/** How many segments `asked` begins with that `base` ends with. */
function overlapOf(base: readonly string[], asked: readonly string[]): number {
  for (let count = Math.min(base.length, asked.length); count > 0; count--) {
    if (isSame(base.slice(-count), asked.slice(0, count))) {
      // One name alone is no overlap: `models` is below `/models` too.
      return count === 1 && asked.length === 1 && !VERSION_SEGMENT.test(asked[0] ?? "") ? 0 : count;
    }
  }
  return 0;
}
