import type { JSONWebKeySet } from "jose";
import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { parseBytes, toWellFormed } from "../core/json/parse-bytes.ts";

/** Discovery documents and key sets are small; a longer answer is not one. */
const MAX_BYTES = 1024 * 1024;

const TIMEOUT_MS = 5000;

export type FetchDocument = (url: string, init: BunFetchRequestInit) => Promise<Response>;

/**
 * The issuer's public keys, found through its discovery document.
 * https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 * @param timeoutMs how long each of the two documents may take, to its last byte.
 * @throws Error whose message names the document that could not be fetched, and why.
 */
export async function fetchIssuerKeys(
  issuer: string,
  fetchDocument: FetchDocument,
  timeoutMs: number = TIMEOUT_MS,
): Promise<JSONWebKeySet> {
  const fetchJson = createFetchJson(fetchDocument, timeoutMs);
  const configurationUrl = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const configuration = await fetchJson(configurationUrl, "discovery document");
  // A document that speaks for another issuer must not decide which keys are trusted.
  if (configuration["issuer"] !== issuer) throw new Error("the discovery document names another issuer");
  const keysUrl = configuration["jwks_uri"];
  if (typeof keysUrl !== "string" || !isAcceptable(keysUrl, issuer)) {
    throw new Error("the discovery document has no acceptable jwks_uri");
  }
  const keys = await fetchJson(keysUrl, "key set");
  if (!Array.isArray(keys["keys"])) throw new Error("the key set holds no keys");
  return { keys: keys["keys"].filter(isJsonObject) as JSONWebKeySet["keys"] };
}

/** Keys may come over plain HTTP only if the issuer itself is asked that way, and never from a file or similar. */
function isAcceptable(keysUrl: string, issuer: string): boolean {
  if (!URL.canParse(keysUrl)) return false;
  const { protocol } = new URL(keysUrl);
  return protocol === "https:" || (protocol === "http:" && new URL(issuer).protocol === "http:");
}

const createFetchJson =
  (fetchDocument: FetchDocument, timeoutMs: number) =>
  async (url: string, what: string): Promise<JsonObject> => {
    const refuse = (reason: string): never => {
      throw new Error(`the issuer's ${what} ${reason}`);
    };
    const response = await fetchDocument(url, {
      headers: { accept: "application/json" },
      redirect: "manual",
      proxy: false,
      signal: AbortSignal.timeout(timeoutMs),
    }).catch(() => refuse("cannot be fetched"));
    if (!response.ok) {
      await response.body?.cancel();
      return refuse(`was answered with status ${response.status}`);
    }
    const bytes = await readBounded(response).catch(() => refuse("broke off or is too long"));
    const parsed = await parseBytes(toWellFormed(bytes));
    if ("value" in parsed) return isJsonObject(parsed.value) ? parsed.value : refuse("is not a JSON object");
    const { fault } = parsed;
    return refuse(fault === "depth" || fault === "values" ? "is nested too deeply or too large" : "is not JSON");
  };

async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new Error("too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
