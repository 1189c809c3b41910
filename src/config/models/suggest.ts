import { nearestName } from "../../core/nearest-name.ts";

/** Words that say what a name was meant to be, to follow what is wrong with it; blank if that is not known. */
export type Suggest = (name: string, known: Iterable<string>) => string;

/** To look for one takes time with the number of all names, so that the first ones have to do. */
const MAX_SUGGESTIONS = 20;

export function createSuggest(): Suggest {
  let count = 0;
  return (name, known) => {
    count += 1;
    const near = count > MAX_SUGGESTIONS ? undefined : nearestName(name, known);
    return near === undefined ? "" : ` (did you mean ${near}?)`;
  };
}
