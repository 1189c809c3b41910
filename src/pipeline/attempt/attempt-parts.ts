import type { Deadlines } from "../../core/deadlines.ts";
import type { Failure } from "../../core/errors.ts";
import type { CallObserver } from "../../core/request-context.ts";
import type { KeepContent } from "../../core/request-trace.ts";
import type { MemoryBudget } from "../../core/memory/budget.ts";
import type { Timeouts } from "../../core/timeouts.ts";
import type { OpenUpstreamCall } from "../../upstream/call.ts";
import type { WireRequest } from "../../upstream/transport.ts";
import type { ClientConnections } from "../body/read-body.ts";

/** What attempts need from the rest of the gateway. */
export interface AttemptParts {
  readonly openCall: OpenUpstreamCall;
  readonly connections: Pick<ClientConnections, "suspendIdleTimeout" | "restoreIdleTimeout">;
  readonly memory: Pick<MemoryBudget, "tryHold">;
  readonly deadlines: Pick<Deadlines, "open" | "release">;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  /** Notified of every call; absent if nobody wants to know. */
  readonly calls?: CallObserver | undefined;
  /** Absent if nothing of what is asked and answered is kept; encoded bytes never are, in which no secret would be found. */
  readonly keepContent?: KeepContent | undefined;
}

/** What one attempt sends; made for it alone. */
export interface AttemptRequest extends Omit<WireRequest, "onSent" | "headers" | "ownHeaders"> {
  headers: WireRequest["headers"];
  ownHeaders?: WireRequest["ownHeaders"];
  /** Bytes that the client's request goes on holding in the budget once a body of bytes is sent; 0 unless given. */
  readonly keptBytes?: number;
  /** See `usageInjected` of a `Reply`. */
  readonly usageInjected?: boolean;
  /** Of this attempt, in place of those of its branch, or its provider; made once and kept, see `joinTimeouts`. */
  readonly timeouts?: Timeouts | undefined;
}

/** What becomes of a branch. */
export interface BranchEvents {
  /** See `Attempts.commit`; may be called again. */
  readonly onCommit?: () => void;
  /** It is closed, for whatever reason. Called once. */
  readonly onClose?: (failure: Failure | undefined) => void;
}
