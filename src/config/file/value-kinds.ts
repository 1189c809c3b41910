import { Type, type TUnsafe } from "@sinclair/typebox";
import { decimalText } from "../../providers/decimal-text.ts";
import { acceptedValues, parseSetting } from "../parse-setting.ts";
import { LONGEST_WAIT, type SettingRange } from "../setting-row.ts";
import { reference } from "./saying.ts";
import { typedPlace } from "./typed-places.ts";

/* The kinds of values that are no settings. Each takes `${NAME}` in the place of what is no text. */

/** In milliseconds. @param word accepted in its place */
export function duration(doc: string, from = "1ms", to = LONGEST_WAIT): TUnsafe<number> {
  const row = { group: "General", type: "duration", doc, range: [from, to] } as const;
  return typedPlace(Type.Union([Type.String(), Type.Number({ minimum: 0 })]), doc, {
    accepted: acceptedValues(row),
    parse: (text) => asNumber(parseSetting(row, text)),
    isDuration: true,
  });
}

export function count(doc: string, minimum: number, maximum: number): TUnsafe<number> {
  const range: SettingRange = [String(minimum), String(maximum)];
  const row = { group: "General", type: "integer", doc, range } as const;
  return typedPlace(Type.Union([Type.Integer({ minimum, maximum }), reference()]), doc, {
    accepted: acceptedValues(row),
    parse: (text) => asNumber(parseSetting(row, text)),
  });
}

const NUMBER = /^\d+(?:\.\d+)?$/;

interface NumberRange {
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum: number;
  /** Less is none at all; beside 0. */
  readonly least?: number;
}

export function amount(doc: string, { least, ...range }: NumberRange): TUnsafe<number> {
  return typedPlace(Type.Union([Type.Number(range), reference()]), doc, {
    accepted: acceptedAmount({ ...range, ...(least !== undefined && { least }) }),
    parse(text) {
      const { minimum = 0, exclusiveMinimum = -1, maximum } = range;
      const number = Number(decimalText(text) ?? NaN);
      const isEnough = number >= minimum && number > exclusiveMinimum && (number === 0 || number >= (least ?? 0));
      return isEnough && number <= maximum ? number : undefined;
    },
  });
}

function acceptedAmount({ minimum, exclusiveMinimum, maximum, least }: NumberRange): string {
  if (least !== undefined) return `0, or a number from ${decimalText(least)} to ${maximum}`;
  return minimum === undefined
    ? `a number above ${exclusiveMinimum}, at most ${maximum}`
    : `a number from ${minimum} to ${maximum}`;
}

export function flag(doc: string): TUnsafe<boolean> {
  const row = { group: "General", type: "boolean", doc } as const;
  return typedPlace(Type.Union([Type.Boolean(), reference()]), doc, {
    accepted: acceptedValues(row),
    parse(text) {
      const value = parseSetting(row, text);
      return typeof value === "boolean" ? value : undefined;
    },
  });
}

/** One of some words; those that are numbers may be written as such. */
export function oneOf<Word extends string>(doc: string, words: readonly Word[]): TUnsafe<Word> {
  const literals = words.flatMap((word) => [
    Type.Literal(word),
    ...(NUMBER.test(word) ? [Type.Literal(Number(word))] : []),
  ]);
  return typedPlace(Type.Union([...literals, reference()]), doc, {
    accepted: `one of ${words.join(", ")}`,
    parse: (text) => words.find((word) => word === text.toLowerCase()),
  });
}

/** Text of a form. */
export function textLike(doc: string, accepted: string, form: RegExp): TUnsafe<string> {
  return typedPlace(Type.String(), doc, { accepted, parse: (text) => (form.test(text) ? text : undefined) });
}

/** @param words accepted in the place of a duration */
export function durationOr<Word extends string>(doc: string, word: Word): TUnsafe<number | Word> {
  const row = { group: "General", type: "duration", doc, range: ["1ms", LONGEST_WAIT] } as const;
  return typedPlace(Type.Union([Type.Literal(word), Type.String(), Type.Number({ minimum: 0 })]), doc, {
    accepted: `${acceptedValues(row)}, or ${word}`,
    parse: (text) => (text.toLowerCase() === word ? word : asNumber(parseSetting(row, text))),
    isDuration: true,
  });
}

const asNumber = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

/** Names of models: what may be a name in a request. */
export const MODEL_NAME = {
  pattern: String.raw`^[^\s\x00-\x1f\x7f]{1,256}$`,
  description: "1 to 256 characters without spaces",
} as const;
