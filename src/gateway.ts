import { availableParallelism, hostname } from "node:os";
import { createToolLoop } from "./tools/loop/loop.ts";
import type { Config } from "./config/load-config.ts";
import { type ReadFile, readTextFile } from "./config/read-files.ts";
import type { Settings } from "./config/settings-table.ts";
import { createInFlightRequests } from "./core/in-flight-requests.ts";
import { createMemoryBudget } from "./core/memory/budget.ts";
import { defaultBudget, readMemoryLimit } from "./core/memory/limit.ts";
import { openToolRegistry } from "./tools/mcp/open-tool-registry.ts";
import { createModelLists } from "./routing/model-lists.ts";
import { listModels as fetchModels } from "./routing/fetch-models.ts";
import { createPassthrough } from "./pipeline/passthrough.ts";
import { createRelay, type RelayParts } from "./pipeline/relay.ts";
import { createModelPolicy } from "./routing/model-policy.ts";
import { createCors } from "./server/cors.ts";
import { createApplication } from "./server/application.ts";
import { endRequests } from "./server/drain.ts";
import { jsonResponse } from "./server/json-response.ts";
import { loadTls } from "./server/tls.ts";
import { type Listener, openListener } from "./server/listener.ts";
import { listModels, showModel } from "./server/handlers/models.ts";
import { listTools } from "./server/handlers/tools.ts";
import { showDocumentation } from "./server/handlers/documentation.ts";
import { showGuide } from "./server/handlers/guide.ts";
import { createRequireOwnOrigin } from "./server/require-own-origin.ts";
import { ROUTE_ROWS } from "./server/routes.ts";
import type { Log } from "./telemetry/log.ts";
import { logExchange } from "./telemetry/log-request.ts";
import { chooseTransport } from "./upstream/choose-transport.ts";
import { createFetchTransport } from "./upstream/fetch-transport.ts";
import { createSocketTransport } from "./upstream/http1/transport.ts";
import { createEgress, type EgressParts } from "./upstream/egress.ts";
import { createDeadlines, type TimerSource } from "./core/deadlines.ts";
import { probeConnection } from "./upstream/probe-connection.ts";
import { createRequestHeaders } from "./providers/request-headers.ts";
import { createUpstream } from "./upstream/call.ts";

/** What of the outside world the gateway uses; every member has the real thing as its default. */
export interface GatewayDependencies {
  readonly log: Log;
  readonly version: string;
  readonly fetch?: EgressParts["fetch"];
  readonly probe?: EgressParts["probe"];
  /** Reads the files of static keys, certificate and key. */
  readonly readFile?: ReadFile;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** What waits are timed with; must agree with `now`. */
  readonly timers?: Pick<TimerSource, "setTimer" | "clearTimer">;
  readonly newId?: () => string;
  /** Which worker this is, where several processes serve at one address; undefined where this one serves alone. */
  readonly worker?: { readonly number: number; readonly count: () => WorkerCount } | undefined;
  /** How long a stream may be silent while tools run before its client is sent a comment, in milliseconds. */
  readonly keepAliveMs?: number;
}

/** How many processes serve at one address. */
export interface WorkerCount {
  /** Those that serve at the moment. */
  readonly up: number;
  /** Those that should. */
  readonly of: number;
}

export interface Gateway {
  /** Begins to serve. Throws where the address cannot be had. */
  listen(): Promise<{ readonly url: string }>;
  /**
   * Reads again what operators change while the gateway runs: the file of static keys, certificate and key.
   * Rejects with {@link BadSetting}, and changes nothing, where one of them cannot be used; with another error where only
   * the certificate could not be put to use.
   */
  reload(): Promise<void>;
  /** Bytes that requests in flight hold at the moment, of what `SERVER_MAX_BUFFERED_BYTES` allows. */
  bufferedBytes(): number;
  /**
   * Stops accepting, lets requests in flight finish for as long as the settings allow, and ends the rest with an error.
   * @param onClosed called when nothing is accepted any more
   * @returns how many had to be ended.
   */
  drain(onClosed: () => void): Promise<number>;
}

/** An upload below this, taken over the idle timeout, is no slow client's but one that means to keep a connection busy. */
const MIN_UPLOAD_BYTES_PER_SECOND = 1536;

/** Load balancers cut connections that are silent for half a minute or more. */
const KEEP_ALIVE_MS = 15_000;

function budgetOf({ SERVER_MAX_BUFFERED_BYTES: bytes }: Config["settings"], workers: number): number {
  return bytes === "auto" ? defaultBudget(readMemoryLimit(), workers) : bytes;
}

/** How many processes share the memory, as far as the settings say; `auto` is at most one for each core. */
function workersOf({ SERVER_WORKERS: count }: Config["settings"]): number {
  return count === "auto" ? availableParallelism() : count;
}

/**
 * Builds every part of the gateway and wires them; starts nothing.
 * What only some settings ask for is loaded only with them: most of it is code, which would stay in memory.
 * @throws BadSetting where a setting names something that cannot be used.
 */
export async function createGateway(
  { settings, providers, mcpServers }: Config,
  dependencies: GatewayDependencies,
): Promise<Gateway> {
  const { log, version, worker } = dependencies;
  const readFile = dependencies.readFile ?? readTextFile;
  const now = dependencies.now ?? (() => performance.now());
  const quietRoutes = new Set(ROUTE_ROWS.flatMap(([, row]) => (row.quiet ? row.paths : [])));
  const timers: TimerSource = {
    now,
    setTimer: dependencies.timers?.setTimer ?? ((callback, delayMs) => setTimeout(callback, delayMs).unref()),
    clearTimer: dependencies.timers?.clearTimer ?? ((timer) => clearTimeout(timer as Timer)),
  };
  const deadlines = createDeadlines(timers);
  const memory = createMemoryBudget({
    limit: budgetOf(settings, worker ? workersOf(settings) : 1),
    deadlines,
    now,
    collect: () => Bun.gc(true),
  });
  const requests = createInFlightRequests({
    // Whatever ends an exchange settles it, which is why its memory is given back there.
    observers: [logExchange(log, quietRoutes), memory.release],
    now,
    newId: dependencies.newId ?? (() => crypto.randomUUID()),
  });
  const egress = createEgress({
    proxy: settings.CLIENT_PROXY,
    direct: settings.CLIENT_NO_PROXY,
    fetch: dependencies.fetch ?? fetch,
    probe: dependencies.probe ?? probeConnection,
  });
  const sockets = createSocketTransport(deadlines, now);
  const fetching = createFetchTransport({
    ...egress,
    deadlines,
    now,
    probeAfterMs: settings.CLIENT_CONNECT_TIMEOUT / 2,
  });
  const openCall = createUpstream({
    transport: chooseTransport({ socket: sockets.send, fetch: fetching.send, isDirect: egress.isDirect }),
    deadlines,
    now,
    limits: {
      connectMs: settings.CLIENT_CONNECT_TIMEOUT,
      responseHeaderMs: settings.CLIENT_RESPONSE_HEADER_TIMEOUT,
      totalMs: settings.CLIENT_TIMEOUT,
      streamIdleMs: settings.CLIENT_STREAM_IDLE_TIMEOUT,
    },
  });
  const jsonLimits = { depth: settings.SERVER_MAX_JSON_DEPTH, values: settings.SERVER_MAX_JSON_VALUES };
  const providersById = new Map(providers.map((provider) => [provider.id, provider]));
  const policy = createModelPolicy(providers, settings.ALLOWED_MODELS, settings.DISALLOWED_MODELS);
  const modelLists = createModelLists({
    providers,
    fetchModels: (provider, signal) => fetchModels(provider, openCall, signal, jsonLimits),
    ttlMs: settings.MODELS_CACHE_TTL,
    timeoutMs: settings.MODELS_TIMEOUT,
    timers,
    onFailure: (provider, failure) => {
      const line = { provider: provider.id, failure: failure.code, cause: failure.details.cause };
      // A local server that nobody configured is asked in case it runs; that it does not is no news.
      if (provider.configured) log.warn(line, "could not list the provider's models");
      else log.debug(line, "local provider does not answer");
    },
    onGivenUp: ({ id }) => {
      log.warn(
        { provider: id },
        "the provider's models are still unknown; bare names of models are looked up without it",
      );
    },
  });

  let listener: Listener | undefined;
  let draining = false;

  const parts: RelayParts = {
    book: requests,
    openCall,
    requestHeaders: createRequestHeaders(`inference-gateway/${version}`),
    targets: { providers: providersById, findBareName: modelLists.findBareName },
    policy,
    proxiesWithoutModel: settings.PROXY_WITHOUT_MODEL === "allow",
    connections: {
      suspendIdleTimeout: (request) => listener?.suspendIdleTimeout(request),
      restoreIdleTimeout: (request) => listener?.restoreIdleTimeout(request),
      uploadBytesPerTimeout: Math.ceil((settings.SERVER_IDLE_TIMEOUT / 1000) * MIN_UPLOAD_BYTES_PER_SECOND),
    },
    memory,
    maxBodyBytes: settings.SERVER_MAX_REQUEST_BODY_SIZE,
    jsonLimits,
    visionEnabled: settings.ENABLE_VISION,
    wantsUsage: settings.STREAM_USAGE === "always",
  };
  const toolRegistry = settings.MCP_ENABLED
    ? openToolRegistry(settings, mcpServers, {
        client: { name: "inference-gateway", version },
        fetch: egress.fetch,
        timers,
        memory,
        onStatus: ({ name: server, tools }, problem) => {
          if (problem) log.warn({ server, problem: problem.message }, "MCP server is not connected");
          else log.info({ server, tools }, "MCP server is connected");
        },
      })
    : undefined;
  const keepAlive = { timers, intervalMs: dependencies.keepAliveMs ?? KEEP_ALIVE_MS };
  const takeOver =
    toolRegistry &&
    createToolLoop({
      ...parts,
      toolBox: toolRegistry,
      maxRounds: settings.MCP_MAX_ITERATIONS,
      maxConversationBytes: settings.MCP_MAX_CONVERSATION_BYTES,
      keepAlive,
    });
  const relay = createRelay({ ...parts, ...(takeOver && { toolLoop: takeOver }) });
  const modelParts = { providers: providersById, catalogue: modelLists, policy };

  const authentication = settings.AUTH_ENABLED
    ? (await import("./auth/open-authentication.ts")).openAuthentication(settings, {
        fetch: egress.fetch,
        readFile,
        now,
        clock: dependencies.clock ?? Date.now,
        onIssuerChange: (problem) => {
          if (problem) log.warn({ problem }, "the issuer's keys cannot be fetched");
          else log.info("the issuer's keys are known");
        },
      })
    : undefined;

  // Read here too, so that bad files are found before anything is started.
  loadTls(settings, readFile);

  const cors = createCors(settings.SERVER_CORS_ORIGINS);
  const application = createApplication({
    authenticate: authentication?.authenticate,
    requireOwnOrigin: authentication
      ? undefined
      : createRequireOwnOrigin({
          serverHost: settings.SERVER_HOST,
          machineName: hostname(),
          allowed: allowedHosts(settings),
          tls: settings.SERVER_TLS_CERT_PATH !== undefined,
          cors,
        }),
    endsConnections: () => listener?.endsConnections() === true,
    cors,
    book: requests,
    envelope: settings.ERROR_FORMAT,
    maxConcurrent: settings.SERVER_MAX_CONCURRENT_REQUESTS,
    relay,
    handlers: {
      health: (context) => jsonResponse(context, { message: "OK" }),
      readiness: (context) => {
        const mcp = toolRegistry && { mcp: toolRegistry.servers() };
        const workers = worker && { worker: worker.number, workers: worker.count() };
        const message = draining ? "draining" : "OK";
        return jsonResponse(context, { message, ...workers, ...mcp }, draining ? 503 : 200);
      },
      models: listModels(modelParts),
      model: showModel(modelParts),
      tools: listTools(settings.MCP_EXPOSE, toolRegistry),
      proxy: createPassthrough(parts),
      ...(settings.SWAGGER_ENABLED && { documentation: showDocumentation(version), guide: showGuide() }),
    },
  });

  return {
    async listen() {
      listener = await openListener(application, settings, { sharesPort: worker !== undefined, readFile, log });
      authentication?.warm();
      toolRegistry?.start();
      for (const provider of providers) if (provider.callable) modelLists.ofProvider(provider).catch(() => {});
      return { url: listener.url };
    },
    bufferedBytes: memory.used,
    async reload() {
      const tls = loadTls(settings, readFile);
      authentication?.reload();
      if (tls) await listener?.replaceTls(tls);
    },
    async drain(onClosed) {
      draining = true;
      const timeoutMs = settings.SERVER_SHUTDOWN_TIMEOUT;
      const cut = await endRequests(requests, listener, timeoutMs, onClosed, dependencies.timers);
      await Promise.all([listener?.stop(true), toolRegistry?.close()]);
      sockets.close();
      return cut;
    },
  };
}

/** No page reaches a unix socket, and its clients ask under any name: only what the operator lists is held against them. */
function allowedHosts({ SERVER_ALLOWED_HOSTS, SERVER_UNIX_SOCKET }: Settings): readonly string[] {
  return SERVER_UNIX_SOCKET !== undefined && SERVER_ALLOWED_HOSTS.length === 0 ? ["*"] : SERVER_ALLOWED_HOSTS;
}
