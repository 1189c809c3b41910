import { Failure } from "../../core/errors.ts";
import type { JsonLimits } from "../../core/json/limits.ts";
import { parseBytes, toWellFormed } from "../../core/json/parse.ts";
import { accessHeaders } from "../../providers/api-access.ts";
import type { ListEndpoint, Provider } from "../../providers/provider.ts";
import type { OpenUpstreamCall, UpstreamCall } from "../../upstream/call.ts";
import { readWithin } from "../../upstream/read-body.ts";
import type { UpstreamResponse } from "../../upstream/transport.ts";

/** What a provider is asked about itself. */
export interface JsonRequest {
  /** Absolute, with the provider's own query. */
  readonly url: string;
  /** GET if it is not said. */
  readonly method?: string;
  readonly body?: object | undefined;
  /** Whom to call, if not the provider itself. */
  readonly endpoint?: ListEndpoint | undefined;
}

export interface JsonReading {
  readonly openCall: OpenUpstreamCall;
  /** Aborts the call, e.g. at its deadline. */
  readonly signal: AbortSignal;
  /** A longer answer is not read. */
  readonly maxBytes: number;
  readonly limits: JsonLimits;
  /** What is asked for, for errors: "the list of models". */
  readonly what: string;
}

/**
 * Asks a provider for JSON, with its credential for the API that lists models.
 * @returns the answer of status 200, and its length in bytes
 * @throws Failure with the reason why there is none.
 */
export async function fetchJson(
  provider: Provider,
  { url, method = "GET", body, endpoint = provider }: JsonRequest,
  reading: JsonReading,
): Promise<{ readonly value: unknown; readonly length: number }> {
  const call = reading.openCall(endpoint, reading.signal, provider.timeouts);
  const headers = { ...accessHeaders(provider.apis.models), accept: "application/json" };
  try {
    const response = await call.send({
      url,
      method,
      headers: body ? { ...headers, "content-type": "application/json" } : headers,
      body: body ? Buffer.from(JSON.stringify(body)) : null,
    });
    if (response.status !== 200) {
      response.body?.cancel();
      throw new Failure("provider_error", { provider: provider.id, cause: `status ${response.status}` });
    }
    const bytes = await readAnswer(response, call, provider, reading);
    return { value: await parseAnswer(bytes, provider, reading), length: bytes.length };
  } finally {
    call.close();
  }
}

async function readAnswer(
  { body }: UpstreamResponse,
  call: UpstreamCall,
  provider: Provider,
  reading: JsonReading,
): Promise<Uint8Array> {
  if (!body) return new Uint8Array(0);
  const read = await Promise.resolve(readWithin(body, reading.maxBytes)).catch((error: unknown) => {
    throw call.explain(error);
  });
  if ("whole" in read) return read.whole;
  read.tooLong.cancel();
  return refuse(provider, reading, "it is too long");
}

async function parseAnswer(bytes: Uint8Array, provider: Provider, reading: JsonReading): Promise<unknown> {
  const { limits, signal } = reading;
  const parsed = await parseBytes(toWellFormed(bytes), { limits, stop: { signal } });
  if ("value" in parsed) return parsed.value;
  const isExceeded = parsed.fault === "depth" || parsed.fault === "values";
  return refuse(
    provider,
    reading,
    isExceeded ? "it has too many values, or they are nested too deeply" : "it is not JSON",
  );
}

function refuse(provider: Provider, { what }: JsonReading, cause: string): never {
  throw new Failure("upstream_invalid_response", { provider: provider.id, cause: `${what}: ${cause}` });
}
