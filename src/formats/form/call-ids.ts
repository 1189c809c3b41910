/** An id for a call that has none: the same for the same call of the same answer. */
export const makeCallId = (answer: string, position: number): string => `call_${digest(`${answer} ${position}`, 24)}`;

/** The id of a call of a provider's answer: one that nobody else has if the provider says none, for results name it. */
export const callIdOf = (said: unknown): string =>
  typeof said === "string" && said !== "" ? said : `call_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`;

/** The id as a provider takes it; the same one for a call and its result. */
export function fitCallId(id: string, wanted: RegExp): string {
  if (wanted.test(id)) return id;
  const hash = digest(id, 24);
  return wanted.test(`call_${hash}`) ? `call_${hash}` : hash.slice(0, 9);
}

function digest(text: string, length: number): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, length);
}
