import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { filledTextOf, listOf } from "../core/json/values.ts";

/**
 * The names of statuses of Google's APIs as types of errors that clients of other APIs know.
 * https://cloud.google.com/apis/design/errors
 */
const TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    INVALID_ARGUMENT: "invalid_request_error",
    FAILED_PRECONDITION: "invalid_request_error",
    OUT_OF_RANGE: "invalid_request_error",
    ALREADY_EXISTS: "invalid_request_error",
    UNAUTHENTICATED: "authentication_error",
    PERMISSION_DENIED: "permission_error",
    NOT_FOUND: "not_found_error",
    RESOURCE_EXHAUSTED: "rate_limit_error",
    DEADLINE_EXCEEDED: "timeout_error",
    UNAVAILABLE: "overloaded_error",
    ABORTED: "api_error",
    CANCELLED: "api_error",
    DATA_LOSS: "api_error",
    INTERNAL: "api_error",
    UNIMPLEMENTED: "api_error",
    UNKNOWN: "api_error",
  }),
);

/** The type of an error by the name of its status; undefined if it is no such name. */
export const rpcType = (status: string | undefined): string | undefined =>
  status === undefined ? undefined : TYPES.get(status);

/** What a program reads of the details of such an error. */
export interface RpcDetails {
  /** Why, as a word: `API_KEY_INVALID`. */
  readonly reason: string | undefined;
  /** After how many milliseconds to ask again. */
  readonly retryAfterMs: number | undefined;
}

/** A duration as JSON has it: `34.5s`. https://protobuf.dev/programming-guides/json */
const DURATION = /^(\d+(?:\.\d+)?)s$/;

/**
 * Reads `ErrorInfo` and `RetryInfo` out of the details of an error.
 * @param error the object that has `details`
 */
export function readRpcDetails(error: JsonObject): RpcDetails {
  const details = listOf(error["details"]).filter(isJsonObject);
  const [delay] = details.flatMap((detail) => DURATION.exec(filledTextOf(detail["retryDelay"]) ?? "")?.[1] ?? []);
  return {
    reason: details.map((detail) => filledTextOf(detail["reason"])).find((reason) => reason !== undefined),
    retryAfterMs: delay === undefined ? undefined : Number(delay) * 1000,
  };
}

/** Reasons for which a request is refused as unauthenticated, although its status is that of an invalid one. */
const BAD_KEY: ReadonlySet<string | undefined> = new Set(["API_KEY_INVALID", "API_KEY_EXPIRED"]);

export const isBadKey = ({ reason }: RpcDetails): boolean => BAD_KEY.has(reason);
