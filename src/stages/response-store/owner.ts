import { identityOf } from "../../core/identity.ts";
import type { Principal } from "../../core/request-context.ts";

/** The owner of all responses if nobody is asked who they are. */
const EVERYBODY = "everybody";

/**
 * The name under which the responses of a client are kept: those of one key or of one subject of an issuer belong
 * together, and no other client finds them. It does not say who it is.
 */
export function ownerOf(principal: Principal | undefined): string {
  const identity = identityOf(principal);
  return identity === undefined ? EVERYBODY : new Bun.CryptoHasher("sha256").update(identity).digest("base64url");
}
