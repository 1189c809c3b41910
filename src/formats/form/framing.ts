import type { ServerEvent } from "../../core/sse/event-reader.ts";

/** How a wire frames the events of its streams, if not as server-sent events. */
export interface Framing {
  /** The media type of its streams, in lower case. */
  readonly contentType: string;
  open(): FrameReader;
}

/** Reads the events of a stream from its bytes, wherever these are cut. */
export interface FrameReader {
  /** How much of an event that has not ended is kept, in bytes or UTF-16 units. */
  readonly kept: number;
  /**
   * Reads on.
   * @param onEvent called with each event that has ended
   * @throws EventTooLong, or BrokenFrame for what is no frame
   */
  push(bytes: Uint8Array, onEvent: (event: ServerEvent) => void): void;
  /**
   * The stream has ended.
   * @returns an event that may lack no more than the sign of its end
   * @throws BrokenFrame if it ended within a frame
   */
  end(): ServerEvent | undefined;
}

/** The bytes are none that the wire's framing allows. */
export class BrokenFrame extends Error {}
