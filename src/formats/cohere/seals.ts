import type { Seal } from "../form/blocks.ts";
import type { WireTarget } from "../form/dialect.ts";

const originOf = ({ provider }: WireTarget): string => `${provider}/cohere`;

/** Thoughts are not signed on this wire: the seal says whose they are, so that the model gets its own ones back. */
export const sealOf = (target: WireTarget): Seal => ({
  origin: originOf(target),
  kind: "signature",
  value: "thinking",
});

export const isOwnSeal = ({ origin }: Seal, target: WireTarget): boolean => origin === originOf(target);
