/** A form in which an answer can be written, as the entries of an `Accept` name it. */
export interface OfferedForm<Form> {
  readonly form: Form;
  /** Its media type without parameters, in lower case. */
  readonly type: string;
  /** Whether an entry with these parameters, in lower case and without `q`, can mean it; any can unless given. */
  readonly fits?: (parameters: ReadonlyMap<string, string>) => boolean;
}

/** One entry of an `Accept`: a media range, and its parameters. */
interface Accepted {
  /** In lower case, such as `text/csv`, `text/*`. */
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly weight: number;
  /** Its place among the entries. */
  readonly index: number;
}

/** No more entries of an `Accept` are read: no client has so many forms to choose from. */
const MAX_ENTRIES = 32;

/**
 * The form that an `Accept` prefers: the one with the highest weight, of equal ones that of the first entry, then the one
 * that is offered first. What a form weighs is said by the entry that names it most exactly.
 * https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
 * @returns undefined if there is none that it takes
 */
export function preferredForm<Form>(accept: string | null, offers: readonly OfferedForm<Form>[]): Form | undefined {
  const entries = readEntries(accept ?? "");
  let best: Form | undefined;
  let decisive: Accepted | undefined;
  for (const offer of offers) {
    const entry = mostExact(entries, offer);
    if (!entry || entry.weight === 0) continue;
    const isBetter =
      !decisive || entry.weight > decisive.weight || (entry.weight === decisive.weight && entry.index < decisive.index);
    if (!isBetter) continue;
    best = offer.form;
    decisive = entry;
  }
  return best;
}

/** Those with a weight that is a number. */
function readEntries(accept: string): readonly Accepted[] {
  return accept.split(",", MAX_ENTRIES).flatMap((entry, index): readonly Accepted[] => {
    const [type = "", ...rest] = entry.split(";").map((part) => part.trim().toLowerCase());
    const parameters = new Map(rest.map(splitParameter));
    const weight = Number(parameters.get("q") ?? 1);
    parameters.delete("q");
    return weight >= 0 ? [{ type, parameters, weight, index }] : [];
  });
}

/** Of those that are as exact as each other, the one with the highest weight. */
function mostExact<Form>(entries: readonly Accepted[], { type, fits }: OfferedForm<Form>): Accepted | undefined {
  /** The more exact ones first. */
  const ranges = [type, `${type.split("/", 1)[0]}/*`, "*/*"];
  return entries
    .filter((entry) => ranges.includes(entry.type) && (fits?.(entry.parameters) ?? true))
    .toSorted(
      (one, other) =>
        ranges.indexOf(one.type) - ranges.indexOf(other.type) ||
        other.parameters.size - one.parameters.size ||
        other.weight - one.weight,
    )[0];
}

function splitParameter(parameter: string): readonly [name: string, value: string] {
  const [name = "", value = ""] = parameter.split("=", 2).map((part) => part.trim());
  return [name, value.replace(/^"(.*)"$/, "$1")];
}
