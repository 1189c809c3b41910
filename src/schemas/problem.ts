/** What is wrong with a request: one field, and what is accepted there. Never holds the rejected value. */
export interface Problem {
  /** Where, as `messages[2].role`; empty for the body as a whole. */
  readonly path: string;
  /** A whole sentence that begins with the path and needs no context. */
  readonly message: string;
}
