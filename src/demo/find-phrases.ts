/** Places known in any spelling, so that `weather in paris` works as well as `weather in Paris`. */
const PLACES = [
  "Amsterdam",
  "Athens",
  "Bangalore",
  "Barcelona",
  "Beijing",
  "Berlin",
  "Boston",
  "Chicago",
  "Dublin",
  "Hamburg",
  "Lisbon",
  "London",
  "Los Angeles",
  "Madrid",
  "Munich",
  "New York",
  "Oslo",
  "Paris",
  "Prague",
  "Rome",
  "San Francisco",
  "Seattle",
  "Singapore",
  "Stockholm",
  "Sydney",
  "Tokyo",
  "Toronto",
  "Vienna",
  "Warsaw",
  "Zurich",
] as const;

const PLACES_BY_LOWER_CASE: ReadonlyMap<string, string> = new Map(PLACES.map((place) => [place.toLowerCase(), place]));
const PLACE = new RegExp(`(?<![\\p{L}\\p{N}])(?:${PLACES.join("|")})(?![\\p{L}\\p{N}])`, "giu");
const CAPITALISED = /(?<![\p{L}\p{N}])\p{Lu}[\p{L}\p{N}]*(?:[ -]\p{Lu}[\p{L}\p{N}]*)*/gu;
const QUOTED = /"([^"]+)"|“([^”]+)”|`([^`]+)`|(?<![\p{L}\p{N}])'([^']+)'(?![\p{L}\p{N}])/gu;

/** The parts of a message that can fill a string argument, each list in the order of the message. */
export interface Phrases {
  /** What stands in quotation marks, without them. */
  readonly quoted: readonly string[];
  /** Known places, and capitalised words that do not begin a sentence. */
  readonly names: readonly string[];
}

/** Finds the quoted parts and the names of a message. */
export function findPhrases(message: string): Phrases {
  const quoted = [...message.matchAll(QUOTED)].map((match) => match.slice(1).find((part) => part !== undefined) ?? "");
  // Blanked out at the same length, lest what is quoted be found as a name too.
  const unquoted = message.replace(QUOTED, (match) => " ".repeat(match.length));
  const places = [...unquoted.matchAll(PLACE)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    text: PLACES_BY_LOWER_CASE.get(match[0].toLowerCase()) ?? match[0],
  }));
  const names = [...unquoted.matchAll(CAPITALISED)]
    .map((match) => {
      const text = beginsSentence(message, match.index) ? match[0].replace(/^[\p{L}\p{N}]+[ -]?/u, "") : match[0];
      const end = match.index + match[0].length;
      return { start: end - text.length, end, text };
    })
    .filter(({ text }) => text !== "" && text !== "I")
    .filter(({ start, end }) => !places.some((place) => place.start < end && start < place.end));
  return { quoted, names: [...places, ...names].sort((a, b) => a.start - b.start).map(({ text }) => text) };
}

function beginsSentence(message: string, index: number): boolean {
  let before = index - 1;
  while (before >= 0 && " \t\r\"“'`(".includes(message.charAt(before))) before -= 1;
  return before < 0 || ".!?:\n".includes(message.charAt(before));
}
