import type { ClientRequest } from "../core/client-request.ts";
import type { Authenticate } from "../auth/authenticate.ts";
import type { ErrorEnvelope, ErrorFormat } from "../formats/error-body.ts";
import type { RequestContext, Outcome, Principal } from "../core/request-context.ts";
import type { RequestOpener } from "../core/in-flight-requests.ts";
import { Failure, toFailure } from "../core/errors.ts";
import { chooseErrorEnvelope } from "./choose-error-envelope.ts";
import { credentialsOf, googleCredentialsOf } from "./credentials.ts";
import type { DescribeClient } from "./describe-client.ts";
import { requireJson, type RequireOwnOrigin, createRequireWellFormed } from "./check-head.ts";
import { type Cors, isPreflight } from "./cors.ts";
import type { RouteRow } from "./routes.ts";

/**
 * Answers one request. It may finish it itself; if it does not, the request is finished as answered when
 * the response is returned. Whatever it throws becomes the error response.
 */
export type RouteHandler = (context: RequestContext, request: ClientRequest) => Response | Promise<Response>;

/** Answers a request, whatever happens to it. */
export type Serve = (request: ClientRequest) => Response | Promise<Response>;

/** What is between every request and its handler. */
export interface ServeParts {
  readonly requests: RequestOpener;
  /** The envelope of every error on routes whose format has none of its own. */
  readonly envelope: ErrorFormat;
  /** Absent if authentication is off: then no request pays for it. */
  readonly authenticate: Authenticate | undefined;
  /** Whether rows that may be public are. */
  readonly showsDocumentationToAll?: boolean;
  /** Absent if the log says nothing of clients. */
  readonly describeClient?: DescribeClient | undefined;
  /** Absent if authentication is on: a page of another origin has no credential. */
  readonly requireOwnOrigin: RequireOwnOrigin | undefined;
  /** Whether each response is the last one of its connection. */
  readonly endsConnections?: () => boolean;
  /** Absent if no web page of another origin may call. */
  readonly cors: Cors | undefined;
}

/**
 * Wraps a handler in what every request needs: a context, the decision who may pass, errors in the right envelope, and
 * one finish on every exit. Nothing of a request but its form is looked at before its credential, which is decided on
 * the handler that the router chose and on nothing that could be spelled otherwise.
 */
export function serveRoute(
  { requests, envelope, authenticate, describeClient, requireOwnOrigin, endsConnections, cors, ...parts }: ServeParts,
  row: RouteRow,
  handler: RouteHandler,
): Serve {
  const route = row.paths[0] ?? "";
  const errorsFor = chooseErrorEnvelope(row, envelope);
  const requireWellFormed = createRequireWellFormed(row.open);
  const isOpen = row.open || row.staticPage || (row.mayBePublic && parts.showsDocumentationToAll);
  const { servesGoogle } = row;
  const readCredentials = servesGoogle
    ? (request: ClientRequest) => googleCredentialsOf(request, servesGoogle === "all")
    : credentialsOf;
  const decide = isOpen ? undefined : authenticate;
  const checkOrigin = row.open ? undefined : requireOwnOrigin;
  // The router brings OPTIONS to no other rows.
  const mayBePreflight = row.method === "ALL";

  const sent = (request: ClientRequest, response: Response): Response => {
    if (endsConnections?.()) response.headers.set("connection", "close");
    return cors ? cors.permit(request, response) : response;
  };

  const finish = (context: RequestContext, request: ClientRequest, response: Response): Response => {
    const answer = sent(request, response);
    // A request whose upstream call can still end it goes on after this, and is finished by whoever opened the call.
    if (context.call === undefined && context.outcome === undefined) {
      context.answered(response.status);
      context.finish("answered");
    }
    return answer;
  };

  const refuse = (context: RequestContext, request: ClientRequest, error: unknown): Response => {
    const errors = errorsFor(request.headers);
    try {
      return sent(request, respondToFailure(context, errors, toFailure(error)));
    } catch (fault) {
      // Without what could not be written, or what is added to responses.
      return respondToFailure(context, errors, new Failure("internal", { cause: fault }));
    }
  };

  const handle = (context: RequestContext, request: ClientRequest): Response | Promise<Response> => {
    if (row.json) requireJson(request);
    return handler(context, request);
  };

  const begin = (context: RequestContext, request: ClientRequest): Response | Promise<Response> => {
    const host = requireWellFormed(request);
    if (checkOrigin && host !== null) checkOrigin(request, host, row);
    if (mayBePreflight && isPreflight(request)) return answerPreflight(cors, context, request);
    const decision = decide?.(readCredentials(request));
    // Usually synchronous.
    if (decision instanceof Promise) return handleLater(context, request, decision, handle);
    if (decide) context.admitted(decision);
    return handle(context, request);
  };

  // Not `async`, which would cost each request five objects more.
  return (request) => {
    const context = requests.open(request, route);
    try {
      if (describeClient) context.cameFrom(describeClient(request));
      const answering = begin(context, request);
      return answering instanceof Promise
        ? finishLater(context, request, answering, finish, refuse)
        : finish(context, request, answering);
    } catch (error) {
      return refuse(context, request, error);
    }
  };
}

// Functions of their own, because a closure in `serveRoute` would cost every request two objects.

const handleLater = (
  context: RequestContext,
  request: ClientRequest,
  deciding: Promise<Principal | undefined>,
  handle: RouteHandler,
): Promise<Response> =>
  deciding.then((principal) => {
    context.admitted(principal);
    return handle(context, request);
  });

const finishLater = (
  context: RequestContext,
  request: ClientRequest,
  answering: Promise<Response>,
  finish: (context: RequestContext, request: ClientRequest, response: Response) => Response,
  refuse: (context: RequestContext, request: ClientRequest, error: unknown) => Response,
): Promise<Response> =>
  answering.then(
    (response) => {
      try {
        return finish(context, request, response);
      } catch (error) {
        return refuse(context, request, error);
      }
    },
    (error: unknown) => refuse(context, request, error),
  );

function respondToFailure(context: RequestContext, errors: ErrorEnvelope, failure: Failure): Response {
  const body = errors.body(failure, context.id);
  context.failed(failure);
  context.answered(errors.status(failure));
  context.sent(Buffer.byteLength(body));
  context.finish(outcomeOf(failure));
  return new Response(body, { status: context.status, headers: errors.headers(failure, context.id) });
}

function answerPreflight(cors: Cors | undefined, context: RequestContext, request: ClientRequest): Response {
  const permission = cors?.preflight(context, request);
  if (!permission) throw new Failure("origin_not_allowed");
  return permission;
}

function outcomeOf(failure: Failure): Outcome {
  if (failure.code === "client_gone") return "client_gone";
  return failure.code === "provider_error" ? "answered" : "failed";
}
