import { ClientAnswer, type StreamSource } from "../../core/client-answer.ts";
import type { Format } from "../../formats/format.ts";
import { Failure } from "../../core/errors.ts";
import type { Provider } from "../../providers/provider.ts";
import { relayedResponseHeaders, isEventStream } from "../../upstream/response-headers.ts";
import type { Reply } from "../attempt/attempt.ts";
import type { Attempts } from "../attempt/attempts.ts";
import { beginsLikeDocument } from "../attempt/read-response.ts";
import { beginStream, type Heartbeat } from "../heartbeat.ts";
import { createErrorMask } from "../mask-errors.ts";
import { EventRecorder } from "./event-recorder.ts";
import { startPump } from "./stream-pump.ts";

export interface StreamOptions {
  readonly format: Format;
  readonly provider: Provider;
  readonly heartbeat: Heartbeat | undefined;
}

/**
 * The response that carries a provider's event stream, byte for byte, and records its usage when it is over. The
 * attempts are handed over to it.
 * @returns undefined if it is no such stream, although it is called one
 * @throws Failure if the stream ends before its first byte.
 */
export async function openEventStream(
  attempts: Attempts,
  reply: Reply,
  { format, provider, heartbeat }: StreamOptions,
): Promise<Response | undefined> {
  const { context } = attempts;
  const { response, call, usageInjected } = reply;
  const source = response.body;
  if (!source || (await beginStream(source, call, heartbeat)) === "empty")
    throw new Failure("upstream_empty_response", { provider: context.provider ?? "" });
  if (await beginsLikeDocument(source)) return undefined;
  context.streamed();
  const recorder = new EventRecorder(attempts, reply, format);
  const filter = createErrorMask(provider, usageInjected ? recorder.removeUsage() : undefined);
  const body = startPump(source, call, recorder, { filter, heartbeat });
  const type = isEventStream(response) ? response.headers.get("content-type") : "text/event-stream";
  return streamResponse(attempts, reply, body, { "content-type": type ?? "" });
}

/**
 * The response that carries a stream, to which the attempts are handed over.
 * @param own headers in place of those that are relayed
 */
export function streamResponse(
  attempts: Attempts,
  { response, headers: told }: Reply,
  body: StreamSource,
  own?: Readonly<Record<string, string>>,
): Response {
  const { context } = attempts;
  const { status } = response;
  context.answered(status);
  // Not a new object made of these: to copy what is relayed of OpenAI's takes 2.5 µs.
  const headers = relayedResponseHeaders(response.headers);
  for (const name in own) headers[name] = own[name] ?? "";
  headers["cache-control"] = "no-cache";
  headers["x-accel-buffering"] = "no";
  headers["x-request-id"] = context.id;
  for (const name in told) headers[name] = told[name] ?? "";
  const answer = new ClientAnswer(body, { status, headers });
  attempts.handOver();
  return answer;
}
