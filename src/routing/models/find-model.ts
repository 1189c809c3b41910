import type { Route, RoutedModel } from "../engine/route.ts";

interface Wildcard {
  readonly model: RoutedModel;
  readonly before: string;
  readonly after: string;
}

/**
 * Makes what finds the model of a name: the one of exactly that name, else that of the wildcard with the most characters
 * beside its `*`, the first of equals. The `*` stands for at least one character. Letter case counts.
 */
export function createModelFinder(models: readonly RoutedModel[]): (name: string) => Route | undefined {
  const exact = new Map<string, Route>();
  const wildcards: Wildcard[] = [];
  for (const model of models) {
    const { name } = model.options;
    const star = name.indexOf("*");
    if (star < 0) exact.set(name, Object.freeze({ model, star: "" }));
    else wildcards.push({ model, before: name.slice(0, star), after: name.slice(star + 1) });
  }
  const fixed = ({ before, after }: Wildcard): number => before.length + after.length;
  wildcards.sort((one, other) => fixed(other) - fixed(one));

  return (name) => {
    const route = exact.get(name);
    if (route !== undefined) return route;
    for (const { model, before, after } of wildcards) {
      if (name.length <= before.length + after.length || !name.startsWith(before) || !name.endsWith(after)) continue;
      return { model, star: name.slice(before.length, name.length - after.length) };
    }
    return undefined;
  };
}
