import { hostname } from "node:os";
import type { Authentication } from "../auth/open-authentication.ts";
import type { InFlightRequests } from "../core/in-flight-requests.ts";
import type { ReadFile } from "../core/read-files.ts";
import type { ToolRegistry } from "../tools/mcp/tool-registry.ts";
import { type ApplicationParts, createApplication } from "./application.ts";
import { createCors } from "./cors.ts";
import { endRequests, waitBeforeDrain } from "./drain.ts";
import { createDescribeClient, type DescribeClientOptions } from "./describe-client.ts";
import { documentationHandlers, exampleModels } from "./handlers/documentation.ts";
import { showHealth, showReadiness, type WorkerPlace } from "./handlers/health.ts";
import { listModels, type ModelRouteParts, showModel } from "./handlers/models.ts";
import { listTools } from "./handlers/tools.ts";
import type { Listener, ListenerOptions } from "./listener.ts";
import { createRequireOwnOrigin, type OwnOriginOptions } from "./require-own-origin.ts";
import type { RouteHandler } from "./serve-route.ts";
import { loadTls } from "./tls.ts";

export interface ServerOptions extends Pick<ApplicationParts, "envelope" | "maxConcurrent"> {
  readonly listener: ListenerOptions;
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
  /** How long requests are still taken while readiness says that the gateway drains, in milliseconds. */
  readonly drainDelayMs: number;
}

export interface ServerParts extends Pick<ApplicationParts, "relay"> {
  readonly listener: Listener;
  readonly requests: InFlightRequests;
  /** Absent if everybody may ask. */
  readonly authentication: Authentication | undefined;
  readonly models: ModelRouteParts;
  readonly passthrough: RouteHandler;
  /** Absent if MCP is off. */
  readonly toolRegistry: ToolRegistry | undefined;
  readonly worker: WorkerPlace | undefined;
  readonly version: string;
  readonly readFile: ReadFile;
  readonly timers: Parameters<typeof endRequests>[4];
}

/** What clients reach: every route, at one address. */
export interface Server {
  /** Starts to serve. Throws if the address cannot be listened on. */
  listen(): Promise<{ readonly url: string }>;
  /** Reads static keys, certificate and key again; see `Gateway.reload`. */
  reload(): Promise<void>;
  /**
   * Says that it drains, for as long as the options have it; then accepts nothing any more, and lets requests in flight
   * finish for this many milliseconds.
   * @param onClosed called when nothing is accepted any more
   * @returns how many had to be ended.
   */
  drain(timeoutMs: number, onClosed: () => void): Promise<number>;
}

/**
 * Builds the routes; listens to nothing yet.
 * @throws SettingError if certificate or key cannot be used: before anything is started.
 */
export function createServer(options: ServerOptions, parts: ServerParts): Server {
  const { listener, requests, authentication, models, toolRegistry, readFile } = parts;
  const files = options.listener.tls;
  let draining = false;

  loadTls(files, readFile);
  const cors = createCors(options.corsOrigins);
  const application = createApplication({
    authenticate: authentication?.authenticate,
    requireOwnOrigin: authentication
      ? undefined
      : createRequireOwnOrigin({ ...options.ownOrigin, machineName: hostname(), cors }),
    showsDocumentationToAll: options.showsDocumentationToAll,
    describeClient: options.client && createDescribeClient(options.client, listener.addressOf),
    endsConnections: listener.endsConnections,
    cors,
    requests,
    envelope: options.envelope,
    maxConcurrent: options.maxConcurrent,
    relay: parts.relay,
    handlers: {
      health: showHealth,
      readiness: showReadiness({
        isDraining: () => draining,
        worker: parts.worker,
        toolServers: toolRegistry?.servers,
      }),
      models: listModels(models),
      model: showModel(models),
      tools: listTools(options.exposesTools, toolRegistry),
      proxy: parts.passthrough,
      ...(options.hasDocumentation &&
        documentationHandlers({ version: parts.version, examples: exampleModels(models.providers.values()) })),
    },
  });

  return {
    async listen() {
      const url = await listener.listen(application);
      authentication?.warm();
      return { url };
    },
    async reload() {
      const tls = loadTls(files, readFile);
      authentication?.reload();
      if (tls) await listener.replaceTls(tls);
    },
    async drain(timeoutMs, onClosed) {
      draining = true;
      await waitBeforeDrain(options.drainDelayMs, parts.timers);
      const cut = await endRequests(requests, listener, timeoutMs, onClosed, parts.timers);
      await listener.stop(true);
      return cut;
    },
  };
}
