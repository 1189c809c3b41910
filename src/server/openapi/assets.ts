import styleFile from "swagger-ui-dist/swagger-ui.css" with { type: "file" };
import bundleFile from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };
import { START_PAGE } from "./start-page.ts";

const JAVASCRIPT = "text/javascript; charset=utf-8";
const STYLE = "text/css; charset=utf-8";

/** What the documentation page loads, by the last segment of its path. */
const ASSETS: Readonly<Record<string, { type: string; read: () => Promise<Uint8Array<ArrayBuffer>> }>> = {
  "start-page.js": { type: JAVASCRIPT, read: async () => new TextEncoder().encode(START_PAGE) },
  "swagger-ui-bundle.js": { type: JAVASCRIPT, read: () => Bun.file(bundleFile).bytes() },
  "swagger-ui.css": { type: STYLE, read: () => Bun.file(styleFile).bytes() },
};

/** Answers with an asset. Rejects if the asset's file cannot be read. */
export type ServeAsset = (name: string, acceptEncoding: string | null) => Promise<Response>;

/**
 * Makes a server of the page's assets. They are read and compressed when first asked for, once, as most gateways
 * never show their documentation; only the compressed form is kept.
 */
export function createAssetServer(): ServeAsset {
  const compressed = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

  function compress(name: string, read: () => Promise<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> {
    const known = compressed.get(name);
    if (known !== undefined) return known;
    const pending = read().then((bytes) => Bun.gzipSync(bytes));
    compressed.set(name, pending);
    pending.catch(() => compressed.delete(name));
    return pending;
  }

  return async (name, acceptEncoding) => {
    const asset = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
    if (asset === undefined) return Response.json({ error: "Requested route is not found" }, { status: 404 });
    const headers = {
      "content-type": asset.type,
      // The page asks with the version of the gateway in the query, so an upgrade is a new URL.
      "cache-control": "public, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
      vary: "accept-encoding",
    };
    if (!/\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|\s|$))/i.test(acceptEncoding ?? "")) {
      return new Response(await asset.read(), { headers });
    }
    return new Response(await compress(name, asset.read), { headers: { ...headers, "content-encoding": "gzip" } });
  };
}
