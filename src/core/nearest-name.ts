function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      const insertion = (current[column - 1] ?? 0) + 1;
      const deletion = (previous[column] ?? 0) + 1;
      current.push(Math.min(substitution, insertion, deletion));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}

/** Two letters of a shorter name are most of it; of this one they may be swapped. */
const MIN_TWO_EDITS = 4;

/**
 * Finds what a misspelled name was meant to be.
 * @returns the known name with the smallest edit distance (the first of equals), or undefined if even that one
 * differs in more than two characters and more than a third of them, so that naming it would mislead
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  return nearestWithin(name, known, name.length < MIN_TWO_EDITS ? 1 : Math.max(2, Math.floor(name.length / 3)));
}

/** The same, if the two may differ in so many characters. */
export function nearestWithin(name: string, known: Iterable<string>, distance: number): string | undefined {
  let nearest: string | undefined;
  let smallest = distance + 1;
  for (const candidate of known) {
    // At least so many characters differ.
    if (Math.abs(candidate.length - name.length) >= smallest) continue;
    const distance = editDistance(name, candidate);
    if (distance < smallest) {
      smallest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}
