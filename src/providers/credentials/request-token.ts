import { errorWordOf } from "../../core/error-code.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { readBoundedBody } from "../../core/read-bounded-body.ts";
import { redactionOf } from "../../core/redact/redact.ts";
import { type CredentialFetch, patternsOf } from "./credential.ts";
import { invalidCredential, unavailableCredential } from "./credential-error.ts";
import { parseCredentialJson } from "./read-credential-file.ts";

/** Tokens are at most some kilobytes. */
const MAX_BYTES = 256 * 1024;

/** Of what a server says of an error, so much goes to the log. */
const MAX_SAID = 300;

export interface TokenRequest {
  /** What the server is called in errors. */
  readonly server: string;
  readonly url: string;
  readonly method?: "GET" | "POST" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** To the last byte. */
  readonly timeoutMs: number;
  /** What is sent that must not be shown, if the server repeats it. */
  readonly secrets?: readonly string[];
}

export interface TokenAnswer {
  readonly text: string;
  readonly headers: Headers;
}

/**
 * Asks a server that issues credentials. Redirects are not followed: they would take what is sent elsewhere.
 * @throws CredentialError `credentials_unavailable` if it does not answer, or answers with 408, 429 or 5xx;
 * `credentials_invalid` for any other answer that is no success
 */
export async function requestToken(fetch: CredentialFetch, request: TokenRequest): Promise<TokenAnswer> {
  const { server, url, method = "GET", headers = {}, body, timeoutMs, secrets = [] } = request;
  const signal = AbortSignal.timeout(timeoutMs);
  const failed = (error: unknown): never => {
    const isLate = signal.aborted;
    throw unavailableCredential(
      isLate ? `${server} did not answer in time` : `${server} cannot be reached`,
      isLate ? `${server} did not answer within ${timeoutMs / 1000} s` : `${server}: ${errorWordOf(error)}`,
    );
  };
  const response = await fetch(url, {
    method,
    headers,
    ...(body !== undefined && { body }),
    redirect: "manual",
    proxy: false,
    signal,
  }).catch(failed);
  const bytes = await readBoundedBody(response, MAX_BYTES).catch(failed);
  if (!bytes) throw invalidCredential(`${server} sent an answer that is too long`);
  const text = bytes.toString();
  if (response.ok) return { text, headers: response.headers };
  const said = redactionOf(patternsOf(secrets))(text).replace(/\s+/g, " ").slice(0, MAX_SAID);
  const refused = `${server} answered with status ${response.status}`;
  const isTemporary = response.status === 408 || response.status === 429 || response.status >= 500;
  const fail = isTemporary ? unavailableCredential : invalidCredential;
  throw fail(refused, said === "" ? refused : `${refused}: ${said}`);
}

/** Like {@link requestToken}, for servers that answer with a JSON object. */
export async function requestJson(fetch: CredentialFetch, request: TokenRequest): Promise<JsonObject> {
  const { text } = await requestToken(fetch, request);
  return parseCredentialJson(text, `the answer of ${request.server}`);
}

/** A member that must be a text. */
export function requireText(object: JsonObject, member: string, whose: string): string {
  const value = object[member];
  if (typeof value === "string" && value !== "") return value;
  throw invalidCredential(`${whose} has no ${member}`);
}

/** A token that travels in a header. */
export function requireToken(object: JsonObject, member: string, whose: string): string {
  const token = requireText(object, member, whose);
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw invalidCredential(`${member} of ${whose} is no token`);
}

/**
 * When a token expires that was issued at `now`, by `expires_in` in seconds, as a number or a text of it.
 * https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 */
export function expiryOf({ expires_in: seconds }: JsonObject, now: number): number {
  const lifetime = typeof seconds === "string" && /^\d{1,9}$/.test(seconds) ? Number(seconds) : seconds;
  // If the server does not say, it is asked again soon.
  return now + (typeof lifetime === "number" && lifetime > 0 ? lifetime : UNSAID_SECONDS) * 1000;
}

const UNSAID_SECONDS = 300;
