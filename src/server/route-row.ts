import type { ErrorEnvelope } from "../formats/error-body.ts";
import type { Format } from "../formats/format.ts";

/**
 * One address of the gateway. `{name}` in a path is any one segment, `*` at its end any rest, which may contain slashes;
 * behind it may be what the rest must end with.
 */
export interface RouteRow {
  readonly method: "GET" | "POST" | "DELETE" | "ALL";
  readonly paths: readonly string[];
  /** Further paths, which clients with a base URL that lacks `/v1` ask for; no document names them. */
  readonly shortPaths?: readonly string[];
  /** What the `*` of a path is called where people read of it: in the OpenAPI document and the guide. */
  readonly rest?: string;
  /** Of all methods, those that are good; the rest is 405. */
  readonly allowed?: readonly string[];
  /** The format of requests that go to a provider; absent if a handler of the gateway's own answers. */
  readonly format?: Format;
  /** How errors are reported if there is no format that says so. */
  readonly errors?: ErrorEnvelope;
  /** Path below which all is of the clients of this row's API, so that errors there are as on this row. */
  readonly scope?: string;
  /**
   * Speaks Google's API, errors included: to everybody, who may then send a credential in the query as well, or to clients
   * whose headers show that they are Google's.
   */
  readonly servesGoogle?: "all" | "clients";
  /** Takes a JSON body: one that is announced as anything else is refused. */
  readonly json?: true;
  /** Answers without a credential, even if authentication is on. */
  readonly open?: true;
  /**
   * Answers without a credential too, but else like a row that needs one: a page of the gateway's that is the same for
   * everybody and says nothing of how it is set up. It asks for the key that it needs for the rest itself.
   */
  readonly staticPage?: true;
  /** Answers without a credential if `SWAGGER_PUBLIC` says so. */
  readonly mayBePublic?: true;
  /** Speaks Anthropic's API to clients that send `anthropic-version`, errors included. */
  readonly servesAnthropic?: true;
  /** A page that links on other pages may open, even if requests of other origins are refused. */
  readonly linkable?: true;
  /** The status of a request to go over to WebSocket, if it is another than 426. */
  readonly websocketStatus?: 501;
  /** Asked by machines every few seconds: its log line is written at `debug`. */
  readonly quiet?: true;
}
