import { hostname } from "node:os";
import type { Authentication } from "../auth/open-authentication.ts";
import type { InFlightRequests, RequestOpener } from "../core/in-flight-requests.ts";
import { Failure } from "../core/errors.ts";
import type { OnFault } from "../core/faults.ts";
import type { ToolRegistry } from "../tools/mcp/tool-registry.ts";
import { type Application, type ApplicationParts, createApplication, createRoutes } from "./application.ts";
import type { Routes } from "./router-table.ts";
import { createCors } from "./cors.ts";
import { endRequests, waitBeforeDrain } from "./drain.ts";
import { createDescribeClient, type DescribeClientOptions } from "./describe-client.ts";
import { documentationHandlers, exampleModels, showStart } from "./handlers/documentation.ts";
import { type ConfigFileState, showHealth, showReadiness, type WorkerPlace } from "./handlers/health.ts";
import { byClient, listGoogleModels, showGoogleModel } from "./handlers/google-models.ts";
import { listModels, type ModelRouteParts, showModel } from "./handlers/models.ts";
import { showRouting } from "./handlers/routing.ts";
import { listTools } from "./handlers/tools.ts";
import type { RoutingView } from "../routing/routing-view.ts";
import type { Listener } from "./listener.ts";
import { createRequireOwnOrigin, type OwnOriginOptions } from "./check-head.ts";
import type { RouteHandler } from "./serve-route.ts";
import type { TlsMaterial } from "./tls.ts";

/** `POST /v1/metrics` if nobody may push metrics. */
const refusePush: RouteHandler = () => {
  throw new Failure("metrics_push_disabled");
};

export interface RoutesOptions extends Pick<ApplicationParts, "envelope" | "maxConcurrent"> {
  readonly ownOrigin: Pick<OwnOriginOptions, "serverHost" | "allowed" | "tls">;
  /** Origins whose web pages may call; `*` is every one. */
  readonly corsOrigins: readonly string[];
  /** Whether clients may see the tools of the MCP servers. */
  readonly exposesTools: boolean;
  /** Whether the API reference and the guide are served. */
  readonly hasDocumentation: boolean;
  /** Whether they are served without a credential too. */
  readonly showsDocumentationToAll: boolean;
  /** How the client of each request is described for the log; undefined if it is not. */
  readonly client: DescribeClientOptions | undefined;
}

export interface RoutesParts extends Pick<ApplicationParts, "relay"> {
  readonly requests: RequestOpener;
  /** Absent if everybody may ask. */
  readonly authentication: Authentication | undefined;
  readonly models: ModelRouteParts;
  /** What `GET /v1/routing` shows; absent if there are no models of the gateway's own. */
  readonly routing?: RoutingView | undefined;
  readonly passthrough: RouteHandler;
  /** Answers about requests that are over; absent if nothing is kept of them. */
  readonly history?: Pick<ApplicationParts["handlers"], "usage" | "requests" | "request"> | undefined;
  /** Takes metrics of others; absent if nobody may push some. */
  readonly pushMetrics?: RouteHandler | undefined;
  /** Absent if MCP is off. */
  readonly toolRegistry: ToolRegistry | undefined;
}

export interface ServerParts {
  readonly listener: Listener;
  readonly requests: InFlightRequests;
  readonly worker: WorkerPlace | undefined;
  readonly configFile: (() => ConfigFileState) | undefined;
  readonly version: string;
  readonly onFault: OnFault;
  readonly timers: Parameters<typeof endRequests>[4];
}

export interface DrainOptions {
  /** How long requests are still taken while readiness says that the gateway drains, in milliseconds. */
  readonly delayMs: number;
  readonly timeoutMs: number;
}

/** What clients reach: every route, at one address. */
export interface Server {
  /** Builds what answers each route, as one configuration wants it; `listen` and `use` take it. */
  buildRoutes(options: RoutesOptions, parts: RoutesParts): Routes;
  /** Starts to serve. Throws if the address cannot be listened on. */
  listen(routes: Routes, tls: TlsMaterial | undefined): Promise<{ readonly url: string }>;
  /** Has further requests answered by others; those that have begun go on with what they began with. */
  use(routes: Routes): void;
  /**
   * Says that it drains, and goes on for `delayMs`; then accepts nothing any more, and lets requests in flight finish for
   * `timeoutMs`, all in milliseconds.
   * @param onClosed called when nothing is accepted any more
   * @returns how many had to be ended.
   */
  drain(options: DrainOptions, onClosed: () => void): Promise<number>;
}

/** Listens to nothing yet. */
export function createServer({ listener, requests, version, timers, onFault, ...known }: ServerParts): Server {
  let draining = false;
  let application: Application | undefined;

  return {
    buildRoutes(options, { authentication, models, toolRegistry, ...parts }) {
      const cors = createCors(options.corsOrigins);
      return createRoutes({
        authenticate: authentication?.authenticate,
        requireOwnOrigin: authentication
          ? undefined
          : createRequireOwnOrigin({ ...options.ownOrigin, machineName: hostname(), cors }),
        showsDocumentationToAll: options.showsDocumentationToAll,
        describeClient: options.client && createDescribeClient(options.client, listener.addressOf),
        endsConnections: listener.endsConnections,
        cors,
        requests: parts.requests,
        envelope: options.envelope,
        maxConcurrent: options.maxConcurrent,
        relay: parts.relay,
        handlers: {
          start: showStart(options.hasDocumentation),
          health: showHealth,
          readiness: showReadiness({ ...known, isDraining: () => draining, toolServers: toolRegistry?.servers }),
          models: byClient(listGoogleModels(models), listModels(models)),
          model: byClient(showGoogleModel(models), showModel(models)),
          googleModels: listGoogleModels(models),
          googleModel: showGoogleModel(models),
          routing: showRouting(parts.routing, known.worker),
          tools: listTools(options.exposesTools, toolRegistry),
          pushMetrics: parts.pushMetrics ?? refusePush,
          proxy: parts.passthrough,
          ...parts.history,
          ...(options.hasDocumentation &&
            documentationHandlers({ version, examples: exampleModels(models.providers.values()) })),
        },
      });
    },
    async listen(routes, tls) {
      application = createApplication(routes, { onFault });
      return { url: await listener.listen(application, tls) };
    },
    use: (routes) => application?.use(routes),
    async drain({ delayMs, timeoutMs }, onClosed) {
      draining = true;
      await waitBeforeDrain(delayMs, timers);
      const cut = await endRequests(requests, listener, timeoutMs, onClosed, timers);
      await listener.stop(true);
      return cut;
    },
  };
}
