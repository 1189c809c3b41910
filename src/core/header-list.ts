/**
 * Names of header fields, in lower case. One that ends in `-` is a family: it means every name that begins with it
 * and goes on with letters, digits and hyphens; not with underscores, which many servers read as hyphens.
 */
export type HeaderList = readonly string[];

const FAMILY_MEMBER = /^[a-z0-9-]+$/;

/** Whether a list has a name in lower case: `exact` if it is listed itself, `family` if only its family is. */
export type HeaderMatcher = (name: string) => "exact" | "family" | undefined;

export function createHeaderMatcher(list: HeaderList): HeaderMatcher {
  const names = new Set(list.filter((entry) => !entry.endsWith("-")));
  const families = list.filter((entry) => entry.endsWith("-"));
  return (name) => {
    if (names.has(name)) return "exact";
    return families.some((family) => name.startsWith(family)) && FAMILY_MEMBER.test(name) ? "family" : undefined;
  };
}

/** The header names that a message's `Connection` names as its connection's own. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
export function namedByConnection(connection: string | null): ReadonlySet<string> {
  if (connection === null) return NONE;
  return new Set(connection.split(",").map((name) => name.trim().toLowerCase()));
}

const NONE: ReadonlySet<string> = new Set();
