import type { ContentMessage } from "./content-message.ts";

/** So many are compressed and added in one turn: 50 ms at most. */
const AT_ONCE = 50;

/** Contents that are to be brought into the database; in memory only. The main thread bounds how much it sends. */
export interface ContentQueue {
  add(content: ContentMessage): void;
  /** Brings some in; those that failed stay. @returns whether there were any */
  step(insert: (contents: readonly ContentMessage[]) => Promise<void>): Promise<boolean>;
}

/** @param onKept called with how many characters are done with */
export function createContentQueue(onKept: (characters: number) => void): ContentQueue {
  const waiting: ContentMessage[] = [];
  return {
    add: (content) => void waiting.push(content),
    async step(insert) {
      const batch = waiting.slice(0, AT_ONCE);
      if (batch.length === 0) return false;
      await insert(batch);
      waiting.splice(0, batch.length);
      onKept(batch.reduce((sum, { request, response }) => sum + request.text.length + response.text.length, 0));
      return true;
    },
  };
}
