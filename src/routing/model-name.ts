import type { Provider } from "../providers/provider.ts";

/** More characters than any provider's model name has; a longer one is refused, and never folded. */
export const MAX_MODEL_NAME_LENGTH = 1024;

/** What most names are made of: there is nothing to fold in them. */
const FOLDED = /^[!-@[-~]*$/;

/**
 * What a reader may drop without anybody seeing it: white space, everything of the category "other" (controls, formats
 * such as bidirectional marks and soft hyphens, surrogates, private use), whatever else Unicode says to ignore
 * (variation selectors, fillers), and the blank of Braille.
 */
const INVISIBLE = /[\p{White_Space}\p{C}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** A name that the provider reads in as many ways as this is none that it has. */
const MAX_ROUNDS = 8;

/**
 * The one spelling for all spellings of a model that this provider takes for the same: without invisible characters and
 * space, in compatibility form (NFKC) and without letter case (the idea of Unicode's toNFKC_Casefold), and without what
 * the provider assumes anyhow (see {@link Provider.impliedNameParts}) or its own id in front.
 */
export function canonicalModelName(provider: Provider, name: string): string {
  let canonical = foldName(name);
  const ownPrefix = `${provider.id}/`;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let shorter = canonical.startsWith(ownPrefix) ? canonical.slice(ownPrefix.length) : canonical;
    for (const part of provider.impliedNameParts ?? []) shorter = shorter.replace(part, "");
    if (shorter === canonical) break;
    canonical = shorter;
  }
  return canonical;
}

/** Without invisible characters, in compatibility form and without letter case. */
export function foldName(name: string): string {
  // The second pass composes what an invisible character held apart in the first.
  return FOLDED.test(name) ? name : foldOnce(foldOnce(name));
}

function foldOnce(name: string): string {
  // Upper case first: it joins letters that differ in lower case only, such as ſ and s.
  return name.normalize("NFKC").replace(INVISIBLE, "").toUpperCase().toLowerCase();
}

/**
 * What lists add to the names that people use: `claude-sonnet-4-5-20250929`, `gpt-4o-2024-08-06`, `gpt-4-0613` (month
 * and day), `mistral-large-2411` (year and month), `mistral-large-latest`.
 */
const ADDED = /[-@](?:20\d{6}|20\d\d-\d\d-\d\d|(?:0[1-9]|1[0-2])\d\d|2\d(?:0[1-9]|1[0-2])|latest)$/;

/** The shorter names of what a provider lists: without the date, and without what the provider assumes anyhow. */
export function shorterForms(provider: Provider, ids: Iterable<string>): ReadonlySet<string> {
  const forms = new Set<string>();
  for (const id of ids) {
    let form = id;
    for (const part of provider.impliedNameParts ?? []) form = form.replace(part, "");
    if (form !== id) forms.add(form);
    const undated = form.replace(ADDED, "");
    if (undated !== form) forms.add(undated);
  }
  return forms;
}
