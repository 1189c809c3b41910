/** The path of a route as the router takes it: `/v1/responses/:id` for `/v1/responses/{id}`. */
export function routerPath(template: string): string {
  return template.replace(/\*.+$/, "*").replace(/\{(\w+)\}/g, ":$1");
}

/** Whether the router can tell a path from others only in part: what is behind the `*` of a template is for {@link matchTemplate}. */
export const hasSuffix = (template: string): boolean => /\*.+$/.test(template);

/** Some clients encode the colon with which a suffix begins. */
const ENCODED_COLON = /%3a/gi;

/**
 * What of a path the `*` of a template takes; blank if the template has none, undefined if the path is another one.
 * Nothing is decoded. A `*` takes at least one character, which are all but those behind it in the template, and `{name}`
 * takes one segment.
 */
export function matchTemplate(template: string, path: string): string | undefined {
  const wanted = template.split("/");
  const given = path.split("/");
  const last = wanted.at(-1) ?? "";
  const takesRest = last.startsWith("*");
  const fixed = takesRest ? wanted.length - 1 : wanted.length;
  if (takesRest ? given.length <= fixed : given.length !== fixed) return undefined;
  for (let index = 0; index < fixed; index++) {
    const [segment = "", piece = ""] = [wanted[index], given[index]];
    if (segment.startsWith("{") ? piece === "" : piece !== segment) return undefined;
  }
  if (!takesRest) return "";
  const rest = given.slice(fixed).join("/");
  return withoutSuffix(rest, last.slice(1)) || undefined;
}

function withoutSuffix(rest: string, suffix: string): string | undefined {
  if (suffix === "") return rest;
  const plain = rest.replace(ENCODED_COLON, ":");
  return plain.endsWith(suffix) ? plain.slice(0, -suffix.length) : undefined;
}
