import type { Provider } from "../../providers/provider.ts";
import type { Route, RoutedModel } from "./routed-model.ts";

interface Wildcard {
  readonly model: RoutedModel;
  readonly before: string;
  readonly after: string;
}

/**
 * Makes what finds the model of a name: the one of exactly that name, else that of the wildcard with the most characters
 * beside its `*`, the first of equals. The `*` stands for at least one character. Letter case counts, but not in the id
 * of a provider in front, as for plain names: `openai/*` takes the place of `OpenAI/gpt-4o`, too. What begins with the id
 * of a provider that can be called is a name of its own: only a wildcard that begins so, too, takes its place, and no `*`.
 * @param providers all of them
 */
export function createModelFinder(
  models: readonly RoutedModel[],
  providers: readonly Pick<Provider, "id" | "callable">[],
): (name: string) => Route | undefined {
  const callable = new Map(providers.map((provider) => [provider.id, provider.callable]));
  const exact = new Map<string, Route>();
  const wildcards: Wildcard[] = [];
  for (const model of models) {
    const { name } = model.options;
    if (!name.includes("*")) exact.set(name, Object.freeze({ model, star: "" }));
    else wildcards.push({ model, ...cutAtStar(withFoldedId(name)) });
  }
  const fixed = ({ before, after }: Wildcard): number => before.length + after.length;
  wildcards.sort((one, other) => fixed(other) - fixed(one));

  return (name) => {
    const route = exact.get(name);
    if (route !== undefined || wildcards.length === 0) return route;
    return findWildcard(withFoldedId(name));
  };

  function findWildcard(name: string): Route | undefined {
    const prefix = name.slice(0, name.indexOf("/") + 1);
    const isProviders = prefix !== "" && callable.get(prefix.slice(0, -1)) === true;
    for (const { model, before, after } of wildcards) {
      if (isProviders && !before.startsWith(prefix)) continue;
      if (name.length <= before.length + after.length || !name.startsWith(before) || !name.endsWith(after)) continue;
      return { model, star: name.slice(before.length, name.length - after.length) };
    }
    return undefined;
  }

  function cutAtStar(name: string): Pick<Wildcard, "before" | "after"> {
    const star = name.indexOf("*");
    return { before: name.slice(0, star), after: name.slice(star + 1) };
  }

  function withFoldedId(name: string): string {
    const slash = name.indexOf("/");
    const id = name.slice(0, Math.max(0, slash)).toLowerCase();
    return callable.has(id) ? id + name.slice(slash) : name;
  }
}
