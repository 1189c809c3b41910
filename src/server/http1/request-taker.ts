import type { AheadBytes } from "./ahead-share.ts";
import type { IncomingBody } from "./incoming-body.ts";
import type { HeadFault, RequestHead } from "./request-head.ts";

/** Hears what is found in the bytes of a connection. */
export interface RequestTaker {
  /** A request is there, of whose body some may have come. Nothing of the next one is read before the reader is told to go on. */
  onRequest(head: RequestHead, body: IncomingBody | undefined): void;
  /** What comes is no request, and nothing more is read. */
  onFault(status: HeadFault): void;
  /** More comes behind the request in front than may wait. */
  onFlood(): void;
  /** The body of a request that has been answered is over, or has become too long to wait for its end. */
  onSkipped(isWhole: boolean): void;
}

/** What all readers of a server have. */
export interface ReaderParts {
  readonly maxHeadBytes: number;
  readonly allAhead: AheadBytes;
}
