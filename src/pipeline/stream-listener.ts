import type { Failure } from "../core/errors.ts";
import type { EventFilter } from "../core/sse/event-filter.ts";
import type { UpstreamCall } from "../upstream/call.ts";
import type { Heartbeat } from "./heartbeat.ts";

/** Events of a stream, for whoever records it. */
export interface StreamListener {
  /** Every chunk as it is handed to the client; must not change it. */
  onChunk(chunk: Uint8Array): void;
  /** Why a stream that the provider has ended is not whole, if it is not; absent if every end is good. */
  failureAtEnd?(): Failure | undefined;
  /** Whether nothing can follow what was handed to the client: however the stream ends now, it is whole. */
  isOver?(): boolean;
  /**
   * A sign of life for a client whose stream is silent, or undefined if none may be sent now.
   * @param isFirst nothing has been sent yet
   */
  signOfLife?(isFirst: boolean): Uint8Array | undefined;
  /** The last bytes for a client whose stream breaks off, or undefined to break the connection off visibly. */
  terminalErrorEvent(failure: Failure): Uint8Array | undefined;
  /** Called exactly once: without a failure when the provider ended the stream itself. */
  onEnd(failure: Failure | undefined): void;
}

export interface PumpOptions {
  readonly filter?: EventFilter | undefined;
  /** Sends signs of life while the provider is silent. Without it, or for long enough, the head waits for the first byte. */
  readonly heartbeat?: Heartbeat | undefined;
}

/** What a stream asks of the call, or calls, that it comes from. */
export type StreamedCall = Pick<
  UpstreamCall,
  "awaitsContent" | "contentBegan" | "becomeStream" | "touch" | "awaitClient" | "abort" | "onAbort" | "explain"
>;
