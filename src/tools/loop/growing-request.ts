/** A request that grows by what every step says. */
export interface GrowingRequest<Choice> {
  /**
   * The body of the next call.
   * @param toolChoice replaces the client's unless it is undefined
   */
  body(toolChoice: Choice | undefined): Uint8Array;
  /** Bytes that were added. */
  addedBytes(): number;
  /** Bytes that it holds in all. */
  bytes(): number;
}
