import { PROVIDER_APIS, type ProviderApiName } from "../../providers/api-paths.ts";
import type { WantedApi } from "../../providers/provider-apis.ts";
import { findPathFault } from "./find-path-fault.ts";
import { parseAuthHeader, Refused } from "./parse-provider-headers.ts";

/** The name of an API as operators write it: `count_tokens`. */
export const apiWord = (name: ProviderApiName): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What `<ID>_APIS` accepts, to follow the word "expected". */
export const ACCEPTED_APIS = `a comma-separated list of ${PROVIDER_APIS.map(apiWord).join(", ")}, each optionally with its path and the header that carries the key (messages=/anthropic/v1/messages x-api-key)`;

const ENTRY = /^([a-z_]+)(?:\s*=\s*(\S+))?(?:\s+(\S.*))?$/i;

/**
 * Reads which APIs a provider has.
 * @param origin scheme and authority of its base URL: an address of another host is refused, because the key would go there
 */
export function parseApis(list: string, origin: string): readonly WantedApi[] | Refused {
  const apis: WantedApi[] = [];
  for (const [index, entry] of list
    .split(",")
    .map((text) => text.trim())
    .entries()) {
    if (entry === "") continue;
    const [, word = "", place, header] = ENTRY.exec(entry) ?? [];
    const name = PROVIDER_APIS.find((known) => apiWord(known) === word.toLowerCase());
    if (name === undefined) return new Refused(`there is no such API as entry ${index + 1}`);
    if (apis.some((api) => api.name === name)) return new Refused(`${apiWord(name)} is there twice`);
    const isAddress = place !== undefined && /^[a-z]+:/i.test(place);
    if (isAddress && place !== origin && !place.startsWith(`${origin}/`)) {
      return new Refused(
        `the host of ${apiWord(name)} is not that of the base URL, and would need a provider of its own`,
      );
    }
    const path = isAddress ? place.slice(origin.length) : place;
    const fault = path === undefined ? undefined : findPathFault(path, name !== "models");
    if (fault !== undefined) return new Refused(`the path of ${apiWord(name)} ${fault}`);
    const authHeader = header === undefined ? undefined : parseAuthHeader(header);
    if (header !== undefined && authHeader === undefined)
      return new Refused(`what follows the path of ${apiWord(name)} is no header`);
    apis.push({ name, ...(path !== undefined && { path }), ...(authHeader && { authHeader }) });
  }
  return apis;
}
