import type { ContentMessage } from "./content-message.ts";

/** So many are compressed and added in one turn: 50 ms at most. */
const AT_ONCE = 50;

/** So many that are done with are held before the list is made anew. */
const MAX_DONE = 1000;

/** Contents that are to be brought into the database; in memory only. The main thread bounds how much it sends. */
export interface ContentQueue {
  add(contents: readonly ContentMessage[]): void;
  /**
   * Brings some in; those that failed stay.
   * @param insert resolves with how many of them are lost
   * @returns whether there were any
   */
  step(insert: (contents: readonly ContentMessage[]) => Promise<number>): Promise<boolean>;
}

/** @param onDone called with how many characters are done with, and how many contents of them are lost */
export function createContentQueue(onDone: (characters: number, lost: number) => void): ContentQueue {
  let waiting: ContentMessage[] = [];
  /** So many of them are done with. */
  let done = 0;
  return {
    add(contents) {
      for (const content of contents) waiting.push(content);
    },
    async step(insert) {
      const batch = waiting.slice(done, done + AT_ONCE);
      if (batch.length === 0) return false;
      const lost = await insert(batch);
      done += batch.length;
      if (done >= MAX_DONE || done === waiting.length) {
        waiting = waiting.slice(done);
        done = 0;
      }
      const characters = batch.reduce(
        (sum, { request, response }) => sum + request.text.length + response.text.length,
        0,
      );
      onDone(characters, lost);
      return true;
    },
  };
}
