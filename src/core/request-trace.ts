import type { ClientHeaders } from "./client-request.ts";
import type { HeaderLines } from "./header-lines.ts";
import type { TokenUsage } from "./token-usage.ts";

/** Header fields with which whoever is called goes on with a trace; names in lower case. */
export type TraceHeaders = Readonly<Record<string, string>>;

/** One call of a provider. */
export interface TraceStep {
  /** Whether it wants to see the bytes of the answer. */
  readonly watchesBody: boolean;
  /** Whether it keeps what is asked and answered. */
  readonly keepsContent: boolean;
  /**
   * The head of the answer has come, with this status.
   * @param whole the body, if all of it came along with the head; it stays as it is
   */
  responded(status: number, whole?: Uint8Array | undefined): void;
  /** Bytes of the answer have come later; of a body of one piece, all of them. */
  bodyCame(bytes: Uint8Array): void;
  /**
   * No more of the answer is taken: it broke off, or the rest is of no use. Absent if that is nothing to it.
   * @param pieces what of it had come and was taken by nobody
   */
  bodyLeft?(pieces: readonly Uint8Array[]): void;
  /**
   * What is asked, of which it keeps what it says; to be called at most once, and only if it keeps content.
   * @param redact takes secrets out of a text
   */
  asked(body: Uint8Array, redact: (text: string) => string): void;
  /** The answer is there as a whole: what follows is the gateway's own work. */
  settled(): void;
  /**
   * It is over. The first call counts.
   * @param error why it came to nothing, if it did: what was thrown, or a code
   */
  ended(error?: unknown): void;
}

/** One call of a tool. */
export interface ToolTrace {
  readonly headers: TraceHeaders;
  /** See {@link TraceStep.ended}. */
  ended(error?: unknown): void;
}

/** What of a request is looked at when its steps begin and end. */
export interface TracedRequest {
  readonly method: string;
  readonly route: string;
  readonly streaming: boolean;
  readonly usage: TokenUsage | undefined;
}

/** A call of a provider. */
export interface TracedCall {
  /** Why it is called, as routing has it. */
  readonly kind: string;
  /** Its id. */
  readonly provider: string;
  /** In the provider's naming. */
  readonly model: string | undefined;
  readonly url: string;
}

/** What of a call of a tool is traced. */
export interface TracedTool {
  readonly name: string;
  readonly id: string;
}

/**
 * Makes what keeps the content of a call of a provider, and hands on all that its step is to see.
 * @param request whose call it is, which is the same object from its beginning to its end
 * @param step of the trace; absent if the call is not recorded
 */
export type KeepContent = (request: object, step: TraceStep | undefined) => TraceStep;

/** The trace that a request belongs to. */
export interface RequestTrace {
  /** In lower-case hexadecimal. */
  readonly id: string;
  /** Its id if its spans are exported; undefined if nobody can look it up. */
  readonly sampledId: string | undefined;
  /** Whether its calls are recorded. */
  readonly isRecorded: boolean;
  /** A provider is called: the header fields with which it goes on with the trace. */
  nextHeaders(): HeaderLines;
  /** Records the call that has the last of these. */
  call(request: TracedRequest, call: TracedCall): TraceStep;
  /** A tool is called. */
  tool(tool: TracedTool): ToolTrace;
}

/** Begins the trace of a request, or goes on with that of its client; undefined for one that is not to be traced. */
export type BeginTrace = (headers: ClientHeaders, route: string) => RequestTrace | undefined;
