import type { Seal } from "../form/blocks.ts";
import type { WireTarget } from "../form/dialect.ts";

/** The origin of what a provider of this wire seals. */
export const originOf = ({ provider }: WireTarget): string => `${provider}/converse`;

export const isOwnSeal = ({ origin }: Seal, target: WireTarget): boolean => origin === originOf(target);
