import type { ClientRequest } from "../../core/client-request.ts";
import { Failure } from "../../core/errors.ts";
import type { JsonLimits } from "../../core/json/limits.ts";
import { parsedWeight } from "../../core/json/parse.ts";
import { decodeObjectInTurns } from "../../core/json/decode-object.ts";
import type { RequestContext } from "../../core/request-context.ts";
import { refuseBody } from "../../pipeline/body/accept-body.ts";
import { type BodyReaderParts, readBody } from "../../pipeline/body/read-body.ts";
import type { PushedBody, TakePush } from "../../telemetry/metrics/push/open-push.ts";
import type { RouteHandler } from "../serve-route.ts";

export interface PushParts extends BodyReaderParts {
  readonly jsonLimits: JsonLimits;
}

/** Longest request, as it is sent and unpacked, unless the gateway takes none as long. */
const MAX_BYTES = 4 * 1024 * 1024;

const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";

/** `POST /v1/metrics`. https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
export function takeMetrics(take: TakePush, parts: PushParts): RouteHandler {
  const bounded = { ...parts, maxBodyBytes: Math.min(MAX_BYTES, parts.maxBodyBytes) };
  return async (context, request) => {
    const [essence = ""] = (request.headers.get("content-type") ?? "").split(";", 1);
    const type = essence.trim().toLowerCase();
    if (type !== PROTOBUF && type !== JSON_TYPE) {
      throw new Failure("unsupported_media_type", { message: `Content-Type must be ${PROTOBUF} or ${JSON_TYPE}` });
    }
    context.waits();
    const bytes = await readBody(context, request, bounded).catch(tellLimit(bounded.maxBodyBytes));
    context.waited();
    context.received(bytes.length);
    const body = type === JSON_TYPE ? await parse(context, request, bytes, bounded) : { protobuf: bytes };
    const answer = await take(body, { team: context.principal?.team, signal: request.signal });
    context.sent(answer.length);
    return new Response(answer, { headers: { "content-type": type, "x-request-id": context.id } });
  };
}

async function parse(
  context: RequestContext,
  request: ClientRequest,
  bytes: Uint8Array,
  { memory, jsonLimits }: PushParts,
): Promise<PushedBody> {
  await memory.hold(context, bytes.length + parsedWeight(bytes), request.signal);
  const decoded = await decodeObjectInTurns(bytes, { limits: jsonLimits, stop: request });
  if ("fault" in decoded) throw refuseBody(decoded);
  return { json: decoded.value };
}

const tellLimit =
  (maxBytes: number) =>
  (error: unknown): never => {
    if (!(error instanceof Failure) || error.code !== "body_too_large") throw error;
    throw new Failure("body_too_large", { message: `Metrics of one request must not be more than ${maxBytes} bytes` });
  };
