import { createHeaderMatcher, type HeaderList, type HeaderMatcher } from "../core/header-list.ts";
import type { Provider } from "../providers/provider.ts";

/**
 * Creates the check whether a provider has a header that others do not. Each provider's matcher is made once and goes
 * with it: a provider whose settings were read again is another object, with a matcher of its own.
 * @param listOf the provider's own headers
 */
export function createMatchers(listOf: (provider: Provider) => HeaderList): (provider: Provider) => HeaderMatcher {
  const matchers = new WeakMap<Provider, HeaderMatcher>();
  return (provider) => {
    let matcher = matchers.get(provider);
    if (!matcher) matchers.set(provider, (matcher = createHeaderMatcher(listOf(provider))));
    return matcher;
  };
}
