/** One entry of an `Accept`: a media range, and its parameters. */
export interface Accepted {
  /** In lower case, such as `text/csv`, `text/*`. */
  readonly type: string;
  /** In lower case; without `q`. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** No more entries of an `Accept` are read: no client has so many forms to choose from. */
const MAX_ENTRIES = 32;

/**
 * The form that an `Accept` prefers: the one of the entry with the highest weight, of equal ones of the first.
 * https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
 * @param formOf the form that an entry takes; undefined if it takes none that there is
 * @returns undefined if there is none that it takes
 */
export function preferredForm<Form>(
  accept: string | null,
  formOf: (entry: Accepted) => Form | undefined,
): Form | undefined {
  let best: Form | undefined;
  let bestWeight = 0;
  for (const entry of (accept ?? "").split(",", MAX_ENTRIES)) {
    const [type = "", ...rest] = entry.split(";").map((part) => part.trim().toLowerCase());
    const parameters = new Map(rest.map(splitParameter));
    const weight = Number(parameters.get("q") ?? 1);
    parameters.delete("q");
    if (!(weight > bestWeight)) continue;
    const form = formOf({ type, parameters });
    if (form === undefined) continue;
    best = form;
    bestWeight = weight;
  }
  return best;
}

function splitParameter(parameter: string): readonly [name: string, value: string] {
  const [name = "", value = ""] = parameter.split("=", 2).map((part) => part.trim());
  return [name, value.replace(/^"(.*)"$/, "$1")];
}
