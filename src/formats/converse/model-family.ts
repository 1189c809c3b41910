/** Whose model it is, as far as this wire's requests differ by it. */
export type Family = "claude" | "nova" | "nova2" | "gpt-oss" | "other";

const FAMILIES: readonly (readonly [pattern: RegExp, family: Family])[] = [
  [/claude/, "claude"],
  [/nova-2/, "nova2"],
  [/nova/, "nova"],
  [/gpt-oss/, "gpt-oss"],
];

/** @param model an id, `us.amazon.nova-pro-v1:0`, or an ARN; a profile of the operator's own does not tell */
export function familyOf(model: string): Family {
  const name = model.toLowerCase();
  return FAMILIES.find(([pattern]) => pattern.test(name))?.[1] ?? "other";
}
