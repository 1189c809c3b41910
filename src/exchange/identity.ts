/** Who sent a request: the holder of a static key, by the key's name, or the subject of a token. */
export interface Identity {
  readonly kind: "key" | "token";
  readonly name: string;
}
