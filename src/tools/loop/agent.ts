import type { TokenUsage } from "../../core/request-context.ts";
import type { Reply } from "../../pipeline/attempt/attempt.ts";
import type { UpstreamResponse } from "../../upstream/transport.ts";
import type { StepReply } from "./ask-provider.ts";
import type { AnswerShape } from "./next-step.ts";
import type { RunCall, ToolResult } from "./run-tools.ts";
import type { Steps } from "./steps.ts";

/** What one answer of the model asks for. */
export interface StepEnd {
  readonly shape: AnswerShape;
  /** The calls that the gateway answers. */
  readonly ours: readonly RunCall[];
  /** Adds the answer, and the results of its tools, to what is sent in the next step. */
  add(results: readonly ToolResult[]): Promise<void>;
}

/** An answer that came in one piece. */
export interface WholeStep extends StepEnd {
  /** The response to the client, if this answer is the last. */
  forClient(): UpstreamResponse;
}

/** The end of an answer that came as a stream. */
export interface StreamedStepEnd extends StepEnd {
  /** False if the stream ended in the middle, so that its last call may be incomplete. */
  readonly complete: boolean;
}

/** The provider's stream of one step, as it becomes a part of the client's. */
export interface StepStream {
  /** The answer has begun; called once, before anything of it is pushed. */
  begin(response: UpstreamResponse): void;
  /**
   * What the client is sent for the next bytes of the provider.
   * @throws Failure if too much would have to be remembered, or if nothing can be made of them
   */
  push(bytes: Uint8Array): Uint8Array;
  /** What is left once the provider's stream has ended. */
  flush(): Uint8Array;
  /** What the client is sent for an answer that came in one piece. */
  takeWhole(bytes: Uint8Array): Promise<Uint8Array>;
  /** Whether the provider has said that its stream is over. */
  isDone(): boolean;
  /** The result of the step, once its stream has ended. */
  end(): StreamedStepEnd;
  /** What was kept back until it is known that this step is the last: the end of the client's stream. */
  closingEvents(): Uint8Array;
  /** What all steps up to this one have used so far. */
  usage(): TokenUsage | undefined;
}

/** What runs one request of a client with the gateway's tools, in the client's own bytes or in the form. */
export interface Agent {
  readonly steps: Steps;
  /** The client asked for a stream. */
  readonly streams: boolean;
  /** Whether an answer is a stream in a framing of the provider's own. */
  isFramed(response: UpstreamResponse): boolean;
  /** @throws Failure if the answer cannot be read */
  readWhole(answered: StepReply): Promise<WholeStep>;
  openStep(): StepStream;
  /** The response to the client that begins with this answer of the provider, as far as its head goes. */
  streamHead(response: UpstreamResponse): Pick<UpstreamResponse, "status" | "headers">;
  /** What all steps together have used so far. */
  usage(): TokenUsage | undefined;
  /** What the gateway itself says of the answer, once the provider was asked. */
  replyHeaders(): Reply["headers"];
}
