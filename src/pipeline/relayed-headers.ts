import { createHeaderMatcher, type HeaderMatcher, namedByConnection } from "../upstream/response-headers.ts";
import type { HeaderList } from "../upstream/transport.ts";
import type { Provider } from "../providers/provider.ts";

/** As much of a message's header as says what of it is its connection's own. */
interface MessageHeaders {
  get(name: string): string | null;
}

/** Makes the check which headers of one message pass the gateway: that of a name in lower case. */
export type RelayedHeaders = (message: MessageHeaders, provider: Provider) => HeaderMatcher;

/**
 * Creates the check which headers of `/proxy` pass in one direction: those that are allowed for every provider or for
 * the one at hand, but for those that the message's `Connection` names. Each provider's list is looked up once and goes
 * with it: a provider whose settings were read again is another object, with a list of its own.
 * @param allowed for every provider
 * @param allowedFor what is allowed for one provider beside them
 * @param remains a name that passes although `Connection` names it
 */
export function createRelayedHeaders(
  allowed: HeaderList,
  allowedFor: (provider: Provider) => HeaderList,
  remains: (name: string) => boolean = () => false,
): RelayedHeaders {
  const isAllowed = createHeaderMatcher(allowed);
  const matchers = new WeakMap<Provider, HeaderMatcher>();

  const matcherOf = (provider: Provider): HeaderMatcher => {
    let matcher = matchers.get(provider);
    if (!matcher) {
      const isProviders = createHeaderMatcher(allowedFor(provider));
      matchers.set(provider, (matcher = (name) => isAllowed(name) ?? isProviders(name)));
    }
    return matcher;
  };

  return (message, provider) => {
    const match = matcherOf(provider);
    const named = namedByConnection(message.get("connection"));
    if (named.size === 0) return match;
    return (name) => (named.has(name) && !remains(name) ? undefined : match(name));
  };
}
