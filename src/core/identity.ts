import type { Principal } from "./request-context.ts";

/**
 * Who a client is, as a text that no other client has: subjects are their issuer's own, and a key without a name is known
 * by its hash. Undefined where nobody is asked.
 */
export const identityOf = (principal: Principal | undefined): string | undefined =>
  principal && JSON.stringify([principal.kind, principal.issuer ?? "", principal.fingerprint ?? principal.name]);
