import type { Deadline } from "../core/deadlines.ts";
import { Failure } from "../core/errors.ts";
import type { Interruptible, RequestContext } from "../core/request-context.ts";
import { parseDuration } from "../core/durations.ts";
import { UpstreamFailure } from "../upstream/errors.ts";
import type { AttemptParts } from "./attempt/attempt-parts.ts";

/** In which clients say how long their request may take as a whole, from its arrival. */
export const REQUEST_TIMEOUT = "x-request-timeout";

const ACCEPTED =
  "The header X-Request-Timeout must be a duration above zero: seconds (30), or with a unit (1500ms, 30s, 2m)";

/** Longer waits are as good as none, and no number of a client's comes near what clocks can count. */
const LONGEST_MS = 24 * 60 * 60 * 1000;

/** Nothing that can be meant is longer. */
const MAX_LENGTH = 32;

/**
 * Reads how long a client gives its request: plain seconds (`30`, `0.5`) or with units (`30s`, `1500ms`, `2m`).
 * @returns whole milliseconds
 * @throws Failure `invalid_request`, which says what is accepted, for anything else and for no time at all
 */
export function readRequestTimeout(value: string): number {
  const milliseconds = value.length > MAX_LENGTH ? undefined : parseDuration(value.trim());
  if (milliseconds === undefined || milliseconds === 0) throw new Failure("invalid_request", { message: ACCEPTED });
  return Math.min(milliseconds, LONGEST_MS);
}

/** When a request must be over as a whole, with all of its attempts, its waits and its stream. */
export class RequestDeadline {
  /** In milliseconds of the monotonic clock. */
  until = Number.POSITIVE_INFINITY;
  readonly #parts: Pick<AttemptParts, "deadlines" | "now">;
  readonly #context: RequestContext;
  readonly #request: Interruptible;
  #deadline: Deadline | undefined;

  /** @param request ended with `request_timeout` when its time is over */
  constructor(parts: Pick<AttemptParts, "deadlines" | "now">, context: RequestContext, request: Interruptible) {
    this.#parts = parts;
    this.#context = context;
    this.#request = request;
  }

  /**
   * Makes it earlier; a longer time changes nothing.
   * @param totalMs from the request's arrival
   * @param rule what says so, for the error: `X-Request-Timeout`, `timeouts.total of model fast`
   */
  shorten(totalMs: number, rule: string): void {
    const until = this.#context.startedAt + totalMs;
    if (until >= this.until) return;
    this.until = until;
    this.release();
    const end = (): void => this.#request.abort(this.#failure(rule));
    if (until <= this.#parts.now()) end();
    else this.#deadline = this.#parts.deadlines.open(until, end);
  }

  release(): void {
    if (this.#deadline) this.#parts.deadlines.release(this.#deadline);
  }

  #failure(rule: string): Failure {
    const { provider } = this.#context;
    const message = `The request was not answered in time (${rule})`;
    return new Failure("request_timeout", { message, ...(provider !== undefined && { provider }) });
  }
}

/** Whether a stream of which all has come is whole although it fails so, because only its end was awaited. */
export function sparesWholeStreams(failure: Failure): boolean {
  return failure instanceof UpstreamFailure || failure.code === "request_timeout";
}
