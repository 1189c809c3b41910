/** Words that say nothing about which tool a text is about. */
const STOP_WORDS = new Set(
  (
    "a about all an and any are as at be by call can could current do does for from function get give given gives go has have hello hey hi how " +
    "i if in input into is it its let like mcp me my need no not now of on or our out please return returns say show so some tell thank thanks " +
    "that the their them then there these this those to tool tools up us use used user using value values want was we what when where which " +
    "who will with would you your"
  ).split(" "),
);

/** Words of one meaning; the first stands for the others. */
const SYNONYMS = [
  ["sum", "add", "adds", "adding", "addition", "plus", "total"],
  ["weather", "forecast", "rain", "raining", "sunny", "temperature"],
  ["time", "clock", "hour"],
  ["image", "photo", "picture"],
  ["search", "find", "lookup"],
] as const;

const MEANINGS: ReadonlyMap<string, string> = new Map(
  SYNONYMS.flatMap((words) => words.map((word) => [word, words[0]] as const)),
);

/** Counts the words of a text, the demo provider's measure of tokens: runs of anything but white space. */
export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

/** Cuts a text into words, each with the white space after it, so that joining them gives the text again. */
export function cutIntoWords(text: string): readonly string[] {
  return text.match(/^\s+|\S+\s*/g) ?? [];
}

/** Finds the words of a text that carry its meaning, lower-case and in order; `2 + 3` also counts as the word `sum`. */
export function findTellingWords(text: string): readonly string[] {
  const spaced = text.replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2").toLowerCase();
  const words = (spaced.match(/\p{L}+/gu) ?? []).filter((word) => !STOP_WORDS.has(word));
  if (/\d\s*\+\s*\d/.test(text)) words.push("sum");
  return [...new Set(words)];
}

/** Finds what a text is about: its telling words, singular, with synonyms made one. For comparing texts, not for showing. */
export function findTopics(text: string): ReadonlySet<string> {
  return new Set(findTellingWords(text).map((word) => MEANINGS.get(word) ?? toSingular(word)));
}

function toSingular(word: string): string {
  return word.length > 3 && word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
}

/** Finds the numbers of a text, in order: `-3` is negative at the start of a word, `5-3` holds two positive ones. */
export function findNumbers(text: string): readonly number[] {
  return (text.match(/(?<![\w.])-?\d+(?:\.\d+)?/g) ?? []).map(Number);
}
