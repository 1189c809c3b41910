import { isTranslated } from "../../../formats/wires.ts";
import type { AttemptRecord, Lease, RoutedRequest } from "../../../routing/engine/route.ts";
import type { Deployment } from "../../../routing/models/deployment.ts";
import type { Reply } from "../../attempt/attempt.ts";
import type { Attempts } from "../../attempt/attempts.ts";
import { isEventStream } from "../../../upstream/response-headers.ts";
import type { AdmittedRequest, RequestRoute } from "../../stage.ts";

/** A request whose stream has begun well, of which another deployment may be asked for the rest. */
export interface ResumableRequest {
  /** As its router sees it. */
  readonly exchange: Exchange;
  readonly admitted: AdmittedRequest;
  readonly route: RequestRoute;
  /** All attempts of the request, to which further ones are added. */
  readonly records: AttemptRecord[];
  /** Bytes that go on being held for it. */
  readonly weight: number;
  readonly lease: Lease;
  /** Of the deployment that answers. */
  readonly branch: Attempts;
  readonly deployment: Deployment;
  /** As the deployment is asked for it. */
  readonly model: string;
}

type Exchange = Required<
  Pick<RoutedRequest<unknown>, "estimatedTokens" | "until" | "signal" | "attempted" | "queued">
> &
  Pick<RoutedRequest<unknown>, "stickyKey">;

/** Whether an answer to a client of that API can be gone on with. */
const isResumable = ({ format, counter, isArray }: AdmittedRequest): boolean =>
  isTranslated(format.api) && !counter && !isArray;

/** Whether a stream may be gone on with if it breaks off, as far as can be said when it begins. */
export const mayResume = (admitted: AdmittedRequest, { response }: Reply): boolean =>
  isResumable(admitted) && response.body !== null && isEventStream(response) && !hasTools(admitted);

/** The gateway's own tools may be run for it, which nobody else would know of. */
const hasTools = ({ attempts }: AdmittedRequest): boolean => attempts.context.toolRounds !== undefined;
