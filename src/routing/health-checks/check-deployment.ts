import type { Failure } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { accessHeaders } from "../../providers/api-access.ts";
import { nameIn } from "../../providers/model-family.ts";
import type { Provider } from "../../providers/provider.ts";
import { apiUrl } from "../../providers/api-request.ts";
import type { OpenUpstreamCall } from "../../upstream/call.ts";
import { UpstreamError, UpstreamFailure } from "../../upstream/errors.ts";
import { readWithin } from "../../upstream/read-body.ts";
import { parseRetryAfter } from "../../upstream/response-headers.ts";
import type { UpstreamResponse, WireRequest } from "../../upstream/transport.ts";
import { chooseWire } from "../choose-way.ts";
import type { Deployment } from "../models/deployment.ts";

export interface CheckParts {
  readonly openCall: OpenUpstreamCall;
  /** Milliseconds since the epoch, for dates in `Retry-After`. */
  readonly clock: () => number;
}

/** How long a check takes, and what ends it. */
export interface CheckLimits {
  readonly timeoutMs: number;
  /** Aborted when nobody wants to know any more. */
  readonly signal: AbortSignal;
  /** Calls back after so many milliseconds. @returns what takes that back */
  readonly after: (milliseconds: number, callback: () => void) => () => void;
}

/** Whether a deployment is healthy; `unknown` if the answer does not say, as one to a request that the provider does not take. */
export type CheckResult = { readonly ok: true } | { readonly ok: false; readonly failure: Failure } | "unknown";

/** So much of an answer is read, for the connection to be used again; a longer one is given up. */
const MAX_READ_BYTES = 64 * 1024;

/** Statuses below 500 that other requests would meet as well: the key is bad, or too much was asked. */
const FAILING: ReadonlySet<number> = new Set([401, 403, 408, 429]);

/**
 * Asks a deployment once: for a chat completion if there is a request for one and its model has that API, else for the
 * list of models of its provider. Never rejects.
 */
export async function checkDeployment(
  { provider, model, params }: Deployment,
  request: JsonObject | undefined,
  { openCall, clock }: CheckParts,
  { timeoutMs, signal, after }: CheckLimits,
): Promise<CheckResult> {
  // What a request's name has in the place of a `*` is not known here.
  const asksChat = request !== undefined && model !== "*" && chooseWire(provider, "chat", model) === "chat";
  const call = openCall(asksChat ? provider : (provider.lists?.endpoint ?? provider), signal);
  const forget = after(timeoutMs, () => call.abort(tooSlow(provider, timeoutMs)));
  try {
    const wire = asksChat
      ? chatRequest(provider, model, { ...params?.defaults, ...request, ...params?.overrides })
      : listRequest(provider);
    const response = await call.send(wire);
    await drain(response);
    const { status } = response;
    if (status >= 200 && status < 300) return { ok: true };
    const isFailing = FAILING.has(status) || (status >= 500 && status !== NOT_IMPLEMENTED);
    return isFailing ? { ok: false, failure: badStatus(provider, response, clock()) } : "unknown";
  } catch (error) {
    return signal.aborted ? "unknown" : { ok: false, failure: call.explain(error) };
  } finally {
    forget();
    call.close();
  }
}

function listRequest({ apis: { models }, lists }: Provider): WireRequest {
  const headers = { ...accessHeaders(models), accept: "application/json" };
  return { url: lists?.urls[0] ?? models.url, method: "GET", headers, body: null };
}

/** Of a server without lists of models. */
const NOT_IMPLEMENTED = 501;

const QUESTION = [{ role: "user", content: "ping" }];

/** @param request top-level members; `model` is never one of its own */
function chatRequest(provider: Provider, model: string, request: JsonObject): WireRequest {
  const named = nameIn(provider, "chat", model);
  const url = apiUrl({ provider, model: named }, "chat", {}) ?? "";
  // Newer models of OpenAI take only the latter.
  const isBounded = "max_tokens" in request || "max_completion_tokens" in request;
  const bound = isBounded ? {} : { max_tokens: 1 };
  const body = { messages: QUESTION, ...bound, ...request, stream: false, model: named };
  const access = provider.apis.chat ? accessHeaders(provider.apis.chat) : {};
  const headers = { ...access, accept: "application/json", "content-type": "application/json" };
  return { url, method: "POST", headers, body: Buffer.from(JSON.stringify(body)) };
}

async function drain({ body }: UpstreamResponse): Promise<void> {
  if (!body) return;
  const read = await readWithin(body, MAX_READ_BYTES);
  if ("tooLong" in read) read.tooLong.cancel();
}

function badStatus({ id }: Provider, { status, headers }: UpstreamResponse, now: number): Failure {
  const retryAfterMs = parseRetryAfter(headers, now);
  const error = new UpstreamError("status", { phase: "header", requestSent: true, status, retryAfterMs });
  return new UpstreamFailure(error, id, { status, message: `The health check was answered with status ${status}` });
}

function tooSlow({ id }: Provider, timeoutMs: number): Failure {
  const error = new UpstreamError("response_header_timeout", { phase: "header", requestSent: true });
  const message = `The health check was not answered in ${timeoutMs} ms (health_check.timeout)`;
  return new UpstreamFailure(error, id, { message });
}
