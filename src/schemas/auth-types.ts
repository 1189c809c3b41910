/**
 * How a provider's credential travels.
 * `bearer`: `Authorization: Bearer <key>`; `x-header`: the key alone in a header of the provider's own; `none`: no key.
 */
export const AUTH_TYPES = ["bearer", "x-header", "none"] as const;
export type AuthType = (typeof AUTH_TYPES)[number];
