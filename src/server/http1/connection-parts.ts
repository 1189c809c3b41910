import type { Deadlines } from "../../core/deadlines.ts";
import type { AnswerParts } from "./answer-writer.ts";
import type { ReceivedRequest, RequestConnection } from "./received-request.ts";
import type { RequestHead } from "./request-head.ts";
import type { ReaderParts } from "./request-taker.ts";

/** What all connections of a server share. */
export interface ConnectionParts extends AnswerParts, ReaderParts {
  /** Answers a request. */
  readonly serve: (request: ReceivedRequest) => Response | Promise<Response>;
  /** The answer to a request of which that was thrown. Does not throw. */
  readonly serveFault: (error: unknown) => Response;
  /** The URL of a request. */
  readonly urlOf: (head: RequestHead) => string;
  readonly deadlines: Deadlines;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  /** How long a connection may be silent, in milliseconds. */
  readonly idleMs: number;
  /** Whether no connection takes another request. */
  readonly isLeaving: () => boolean;
  /** Nothing more is answered on a connection. */
  readonly onEnd: (connection: RequestConnection) => void;
}
