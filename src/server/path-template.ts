/** The path of a route as the router takes it: `/v1/responses/:id` for `/v1/responses/{id}`. */
export function routerPath(template: string): string {
  return template.replace(/\{(\w+)\}/g, ":$1");
}

/**
 * What of a path the `*` of a template takes; blank if the template has none, undefined if the path is another one.
 * Nothing is decoded. A `*` takes at least one character, and `{name}` takes one segment.
 */
export function matchTemplate(template: string, path: string): string | undefined {
  const wanted = template.split("/");
  const given = path.split("/");
  const takesRest = wanted.at(-1) === "*";
  const fixed = takesRest ? wanted.length - 1 : wanted.length;
  if (takesRest ? given.length <= fixed : given.length !== fixed) return undefined;
  for (let index = 0; index < fixed; index++) {
    const [segment = "", piece = ""] = [wanted[index], given[index]];
    if (segment.startsWith("{") ? piece === "" : piece !== segment) return undefined;
  }
  if (!takesRest) return "";
  const rest = given.slice(fixed).join("/");
  return rest === "" ? undefined : rest;
}
