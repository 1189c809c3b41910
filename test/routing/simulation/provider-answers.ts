import { Failure } from "../../../src/core/errors.ts";
import { UpstreamError, UpstreamFailure } from "../../../src/upstream/errors.ts";
import type { Mood } from "./world.ts";

/** What comes of one request: when, and whether it fails; undefined for one that is never answered. */
export interface Outcome {
  readonly afterMs: number;
  readonly failure: Failure | undefined;
  /** It breaks off after it began. */
  readonly isCut: boolean;
}

const failed = (
  ...[fault, phase, requestSent]: readonly [
    "unreachable" | "reset" | "response_header_timeout",
    "connect" | "send" | "header",
    boolean,
  ]
): Failure => new UpstreamFailure(new UpstreamError(fault, { phase, requestSent }), "simulated");

const answered = (status: number, message = "no", retryAfterMs?: number, phase: "header" | "body" = "header") =>
  new UpstreamFailure(new UpstreamError("status", { phase, requestSent: true, status, retryAfterMs }), "simulated", {
    status,
    message,
  });

/** @param below a whole number from 0 up to, and without, `end` */
export function outcomeOf(mood: Mood, below: (end: number) => number): Outcome | undefined {
  const good = { afterMs: 20 + below(400), failure: undefined, isCut: false };
  const fails = (failure: Failure, afterMs = 5 + below(100)): Outcome => ({ afterMs, failure, isCut: false });
  switch (mood) {
    case "good":
      return good;
    case "slow":
      return { ...good, afterMs: 1000 + below(8000) };
    case "hangs":
      return undefined;
    case "refuses":
      return fails(failed("unreachable", "connect", false), below(2) * 1000);
    case "resets":
      return fails(failed("reset", "header", true));
    case "500":
    case "503":
      return fails(answered(Number(mood)));
    case "429":
      return fails(answered(429));
    case "429 later":
      return fails(answered(429, "slow down", 100 + below(20_000)));
    case "401":
    case "400":
      return fails(answered(Number(mood)));
    case "too long":
      return fails(answered(400, "This model's maximum context length is 8192 tokens"));
    case "filtered":
      return fails(answered(400, "triggering Azure OpenAI's content management policy"));
    case "error event":
      return fails(answered(529, "Overloaded", undefined, "body"));
    case "empty":
      return fails(new Failure("upstream_empty_response"));
    case "late":
      return fails(new Failure("first_token_timeout"), 3000);
    case "cut":
      return { ...good, isCut: true };
    case "unable":
      return fails(new Failure("messages_not_supported"), 0);
  }
}
