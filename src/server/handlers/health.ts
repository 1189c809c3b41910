import { jsonResponse } from "../json-response.ts";
import type { RouteHandler } from "../serve-route.ts";
import type { HealthResponse } from "../health-schema.ts";

/** How many processes serve at one address. */
export interface WorkerCount {
  /** Those that serve now. */
  readonly up: number;
  /** Those that should. */
  readonly of: number;
}

/** Which of several processes at one address this is. */
export interface WorkerPlace {
  /** From 1. */
  readonly number: number;
  readonly count: () => WorkerCount;
}

/** What is known of the configuration file. */
export interface ConfigFileState {
  /** When what is in use was loaded, in ISO 8601. */
  readonly loadedAt: string;
  readonly version: string;
  /** Why what the file holds now is not in use; undefined if it is. */
  readonly problem: string | undefined;
}

export interface ReadinessParts {
  readonly isDraining: () => boolean;
  /** Undefined if there is no configuration file. */
  readonly configFile: (() => ConfigFileState) | undefined;
  /** Undefined if this process serves alone. */
  readonly worker: WorkerPlace | undefined;
  /** The MCP servers; absent if MCP is off. */
  readonly toolServers: (() => readonly NonNullable<HealthResponse["mcp"]>[number][]) | undefined;
}

/** `GET /health`: the process answers. */
export const showHealth: RouteHandler = (context) => jsonResponse(context, { message: "OK" });

/** `GET /health/ready`: 503 from the moment that the gateway accepts nothing new, and the state of its parts. */
export function showReadiness({ isDraining, configFile, worker, toolServers }: ReadinessParts): RouteHandler {
  return (context) => {
    const draining = isDraining();
    const config = configFile && { config: describeFile(configFile()) };
    const mcp = toolServers && { mcp: toolServers() };
    const workers = worker && { worker: worker.number, workers: worker.count() };
    return jsonResponse(
      context,
      { message: draining ? "draining" : "OK", ...workers, ...config, ...mcp },
      draining ? 503 : 200,
    );
  };
}

function describeFile({ loadedAt, version, problem }: ConfigFileState): NonNullable<HealthResponse["config"]> {
  return { loaded_at: loadedAt, version, problem: problem ?? null };
}
