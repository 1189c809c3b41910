/** Those of which hot code uses a member, or asks whether something is one, and to which the runtime adds members later. */
const BUILT_INS: readonly object[] = [
  ...[Promise, Object, Array, Buffer, Math, JSON, Reflect, Symbol, BigInt],
  ...[String, String.prototype, Number, Number.prototype, Date, Date.prototype],
];

/**
 * Makes all members of the built-in objects now. The runtime makes each when it is first used, which changes the form of
 * the object: the first `Promise.race`, minutes after the start, made all code that says `instanceof Promise` run without
 * optimisation until it was compiled anew, some 0.3 s of CPU time. To make them all takes less than a millisecond.
 */
export function completeBuiltIns(): void {
  for (const builtIn of BUILT_INS) for (const name of Reflect.ownKeys(builtIn)) Reflect.get(builtIn, name);
}
