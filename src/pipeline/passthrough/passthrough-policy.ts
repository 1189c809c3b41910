import type { ClientRequest } from "../../core/client-request.ts";
import { type ClientConnections, announcedLength, decodeBody, readRawBody } from "../body/read-body.ts";
import type { RequestContext } from "../../core/request-context.ts";
import { Failure } from "../../core/errors.ts";
import { asBuffer } from "../../core/json/bytes.ts";
import { parsedWeight } from "../../core/json/parse.ts";
import { signsBodies } from "../../providers/credentials/credential.ts";
import type { Provider } from "../../providers/provider.ts";
import { findUrlModels } from "../../routing/find-url-models.ts";
import { createModelNames } from "../../routing/model-names.ts";
import { findBodyModels } from "../body/find-body-models.ts";
import type { RelayParts } from "../relay.ts";

/**
 * The body of a request as it comes in, for a provider to take as fast as it likes: the client's silence counts while
 * its bytes are waited for, and not while the provider does not take them.
 * @param onBytes called with every piece before it is passed on; what it throws breaks the upload off.
 */
function passUpload(
  request: ClientRequest,
  body: ReadableStream<Uint8Array>,
  connections: ClientConnections,
  onBytes: (count: number) => void,
): ReadableStream<Uint8Array> {
  const upload = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        connections.restoreIdleTimeout(request);
        const { value, done } = await upload.read();
        connections.suspendIdleTimeout(request);
        if (done) return controller.close();
        onBytes(value.length);
        controller.enqueue(value);
      },
      cancel: (reason) => upload.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

const BODY_METHODS: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** The body of a `/proxy` request as it may be sent, or null if it has none. */
export type AdmittedBody = Uint8Array | ReadableStream<Uint8Array> | null;

/**
 * Decides whether a request may go on to the provider.
 * @param url the address that it goes to.
 */
export type AdmitProxyRequest = (
  context: RequestContext,
  request: ClientRequest,
  provider: Provider,
  url: string,
) => Promise<AdmittedBody>;

type ProxyPolicyParts = Pick<
  RelayParts,
  "policy" | "connections" | "memory" | "decompressions" | "maxBodyBytes" | "jsonLimits" | "proxiesWithoutModel"
>;

/**
 * Creates the check that applies the model policy to `/proxy`. With a policy in force every model that a request names
 * must be allowed, in its address and its body, which is read for that; and it must name one, unless the operator
 * waived that. Without one a body streams through unread, unless the provider's credential signs it. It throws `model_not_allowed`, `model_disallowed`,
 * `model_unidentified`, and what reading the body can throw.
 */
export function createProxyPolicy(parts: ProxyPolicyParts): AdmitProxyRequest {
  const { policy, connections, memory, maxBodyBytes, jsonLimits, proxiesWithoutModel } = parts;

  const admitBySize = (context: RequestContext, request: ClientRequest): AdmittedBody => {
    if (!hasBody(request)) return null;
    if ((announcedLength(request) ?? 0) > maxBodyBytes) throw new Failure("body_too_large");
    return passUpload(request, request.body, connections, (count) => {
      context.received(count);
      if (context.bytesIn > maxBodyBytes) throw new Failure("body_too_large");
    });
  };

  const admitByModels: AdmitProxyRequest = async (context, request, provider, url) => {
    const found = createModelNames();
    const requireAllowed = (): void => {
      context.selected(provider.id, found.requested());
      const refused = found.refused(policy, provider);
      if (!refused) return;
      context.selected(provider.id, refused.name);
      throw refused.failure;
    };
    findUrlModels(url, found);
    // Before the body, which then is not read.
    requireAllowed();
    let raw: Uint8Array | null = null;
    if (hasBody(request)) {
      context.waits();
      raw = await readRawBody(context, request, parts);
      context.waited();
      context.received(raw.length);
      const encoding = request.headers.get("content-encoding");
      const body = encoding === null ? raw : await decodeBody(context, request, raw, encoding, parts);
      await memory.hold(context, raw.length + body.length + parsedWeight(body), request.signal);
      const contentType = request.headers.get("content-type");
      if (body.length > 0) {
        await findBodyModels(asBuffer(body), { contentType, provider, jsonLimits, signal: request.signal }, found);
        requireAllowed();
      }
      memory.tryHold(context, raw.length);
    }
    if (found.requested() === undefined && !proxiesWithoutModel) throw new Failure("model_unidentified");
    return raw;
  };

  /** Whole, for signatures that are over the body. */
  const admitWhole = async (context: RequestContext, request: ClientRequest): Promise<AdmittedBody> => {
    if (!hasBody(request)) return null;
    context.waits();
    const raw = await readRawBody(context, request, parts);
    context.waited();
    context.received(raw.length);
    memory.tryHold(context, raw.length);
    return raw;
  };

  if (policy.active) return admitByModels;
  return async (context, request, provider) =>
    provider.credential && signsBodies(provider.credential)
      ? admitWhole(context, request)
      : admitBySize(context, request);
}

function hasBody(request: ClientRequest): request is ClientRequest & { readonly body: ReadableStream<Uint8Array> } {
  return request.body !== null && BODY_METHODS.has(request.method);
}
