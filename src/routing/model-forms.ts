import type { Provider } from "../providers/provider.ts";

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
