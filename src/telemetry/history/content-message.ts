/** A text without secrets. */
export interface KeptText {
  readonly text: string;
  /** Whether it is only the beginning. */
  readonly isCut: boolean;
}

/** What was asked and answered. */
export interface ContentMessage {
  /** Of the row of its request. */
  readonly id: string;
  /** Who may read it. */
  readonly owner: string;
  readonly request: KeptText;
  readonly response: KeptText;
}
