import type { AuthType } from "./provider-row.ts";

/** The header in which a key travels. */
export interface AuthHeader {
  /** In lower case. */
  readonly name: string;
  /** What is before the key, such as `Bearer `; blank if the key is alone. */
  readonly prefix: string;
}

export const BEARER: AuthHeader = { name: "authorization", prefix: "Bearer " };

/** The header that carries the key alone. */
export const keyHeader = (name: string): AuthHeader => ({ name, prefix: "" });

/** What a request carries for one API of a provider, beside what it says itself. Names in lower case. */
export interface ApiAccess {
  /** Sent unless the client sent its own. */
  readonly defaults: Readonly<Record<string, string>>;
  /** Sent whatever the client says: the operator's headers and the credential. */
  readonly fixed: Readonly<Record<string, string>>;
}

/** All headers that make a request acceptable to one API of a provider. */
export function accessHeaders({ defaults, fixed }: ApiAccess): Readonly<Record<string, string>> {
  return { ...defaults, ...fixed };
}

/** How a key in that header is called in short. */
export function authTypeOf({ name, prefix }: AuthHeader): AuthType {
  return name === BEARER.name && prefix === BEARER.prefix ? "bearer" : "x-header";
}
