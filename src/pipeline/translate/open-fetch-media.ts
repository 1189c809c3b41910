import { loadOnce } from "../../core/load-once.ts";
import type { FetchPublic } from "../../upstream/fetch-public.ts";
import type { FetchMedia, FetchMediaParts } from "./fetch-media.ts";

export interface OpenFetchMediaParts extends Omit<FetchMediaParts, "fetchPublic"> {
  readonly fetch: (url: string, init: BunFetchRequestInit) => Promise<Response>;
  /** Of the gateway, for what it calls itself. */
  readonly version: string;
}

/** What fetches the media of requests; its code is loaded with the first request that needs it. */
export function openFetchMedia({ fetch, version, ...parts }: OpenFetchMediaParts): FetchMedia {
  const opened = loadOnce(async (): Promise<FetchMedia> => {
    const { createFetchMedia } = await import("./fetch-media.ts");
    const { createFetchPublic } = await import("../../upstream/fetch-public.ts");
    const userAgent = `inference-gateway/${version}`;
    const fetchPublic: FetchPublic = createFetchPublic({ fetch, lookup: (name) => Bun.dns.lookup(name), userAgent });
    return createFetchMedia({ ...parts, fetchPublic });
  });
  return async (...asked) => (await opened())(...asked);
}
