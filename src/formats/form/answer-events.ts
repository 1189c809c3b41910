import type { Annotation, MediaBlock, Seal } from "./blocks.ts";
import type { AnswerError, Stop, Usage } from "./answer.ts";

/**
 * What happens in a streamed answer, in the form between all API formats. `block` numbers the blocks of an answer in the
 * order in which they were opened, from 0; several may be open at once, and writers whose wire has one open block at a
 * time hold the pieces of the others back.
 * The order is: one `start`; for each block `open`, its pieces, `close`; one `stop`; `usage` anywhere, the last one counts;
 * or, at any time, one `fail` and nothing more. A wire's own sign that nothing more comes is not an event: readers tell it
 * by `isComplete`.
 */
export type AnswerEvent =
  | { readonly type: "start"; readonly id: string | undefined; readonly model: string | undefined }
  | { readonly type: "open"; readonly block: number; readonly opened: OpenedBlock }
  /** More of a text, a thought, or the arguments of a call (JSON text, or any text of a custom tool). Never empty. */
  | { readonly type: "piece"; readonly block: number; readonly text: string }
  | { readonly type: "seal"; readonly block: number; readonly seal: Seal }
  /** May also come behind the end of its text. */
  | { readonly type: "annotation"; readonly block: number; readonly annotation: Annotation }
  | { readonly type: "close"; readonly block: number }
  | { readonly type: "stop"; readonly stop: Stop }
  | { readonly type: "usage"; readonly usage: Usage }
  | { readonly type: "fail"; readonly error: AnswerError };

export type OpenedBlock =
  | { readonly type: "text"; readonly isRefusal: boolean }
  | { readonly type: "thinking" }
  | {
      readonly type: "call";
      readonly id: string;
      readonly name: string;
      readonly kind: "function" | "custom";
      /** See `CallBlock.isAnswered`. */
      readonly isAnswered?: boolean;
    }
  /** A picture that the model made; there are no pieces. */
  | { readonly type: "media"; readonly media: MediaBlock }
  /** Only its own format's writer writes it; there are no pieces. */
  | { readonly type: "opaque"; readonly format: string; readonly name: string; readonly value: unknown };
