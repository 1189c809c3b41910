import type { LogLine, RunningGateway } from "../fixtures/start-gateway.ts";

/** What a request got, and what the gateway wrote about it. */
export interface Knock {
  readonly status: number;
  /** The `WWW-Authenticate` of the response. */
  readonly challenge: string | null;
  readonly retryAfter: string | null;
  readonly body: unknown;
  readonly line: LogLine;
}

/** Nothing is there: only who was let in gets to know that. */
export const NOWHERE = "/nowhere";

/** The status of a request for {@link NOWHERE} that was let in. */
export const ADMITTED = 404;

/** Asks the gateway for a path with these headers. */
export async function knock(
  gateway: RunningGateway,
  headers: Readonly<Record<string, string>>,
  path: string = NOWHERE,
  method = "GET",
): Promise<Knock> {
  const id = crypto.randomUUID();
  const response = await fetch(gateway.url + path, {
    method,
    headers: { "x-request-id": id, ...headers },
    redirect: "manual",
  });
  const text = await response.text();
  return {
    status: response.status,
    challenge: response.headers.get("www-authenticate"),
    retryAfter: response.headers.get("retry-after"),
    body: text === "" ? undefined : JSON.parse(text),
    line: await gateway.logged((line) => line["request_id"] === id),
  };
}

/** The headers of a bearer token. */
export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
