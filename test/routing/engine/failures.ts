import {
  UpstreamError,
  UpstreamFailure,
  type UpstreamErrorFacts,
  type UpstreamFault,
} from "../../../src/upstream/errors.ts";
import type { FailureDetails } from "../../../src/core/errors.ts";

/** An answer of a provider with an error status. */
export const answered = (status: number, details: FailureDetails = {}, facts: Partial<UpstreamErrorFacts> = {}) =>
  new UpstreamFailure(new UpstreamError("status", { phase: "header", requestSent: true, status, ...facts }), "left", {
    status,
    message: `status ${status}`,
    ...details,
  });

/** A call that failed without an answer. */
export const broke = (fault: UpstreamFault, facts: UpstreamErrorFacts = { phase: "header", requestSent: true }) =>
  new UpstreamFailure(new UpstreamError(fault, facts), "left");

export const refused = () => broke("unreachable", { phase: "connect", requestSent: false });
