import type { RequestField } from "../../telemetry/request-fields.ts";
import type { Settings } from "../settings-table.ts";

/** Whether a setting does nothing, and the line that says so. */
type IdleRule = readonly [idle: boolean, warning: string];

/**
 * Warns, one line each and without values, about good settings that do nothing, because the one that they need is
 * not set. Whoever sets them believes that they do something; of those that keep strangers out, that is dangerous.
 */
export function findIdleSettings(settings: Settings): string[] {
  const rules = [...idleOfModels(settings), ...idleOfClients(settings), ...idleOfMetrics(settings)];
  return rules.flatMap(([idle, warning]) => (idle ? [warning] : []));
}

/** Of tools, models and stored responses. */
function idleOfModels(settings: Settings): readonly IdleRule[] {
  return [
    [settings.MCP_ENABLED && settings.MCP_SERVERS.length === 0, "MCP_ENABLED=true has no effect without MCP_SERVERS"],
    [!settings.MCP_ENABLED && settings.MCP_SERVERS.length > 0, "MCP_SERVERS has no effect without MCP_ENABLED=true"],
    [
      settings.RESPONSES_STORE !== "sqlite" && settings.RESPONSES_STORE_PATH !== undefined,
      "RESPONSES_STORE_PATH has no effect without RESPONSES_STORE=sqlite",
    ],
    [
      settings.RESPONSES_STORE !== "redis" && settings.RESPONSES_STORE_URL !== undefined,
      "RESPONSES_STORE_URL has no effect without RESPONSES_STORE=redis",
    ],
    [
      settings.MCP_REDUCE_SCHEMAS.length > 0 && settings.MCP_TOOL_MODE !== "direct",
      "MCP_REDUCE_SCHEMAS has no effect without MCP_TOOL_MODE=direct: no other mode gives providers the schemas of tools",
    ],
    [
      settings.HISTORY_CONTENT && !settings.HISTORY_ENABLED,
      "HISTORY_CONTENT has no effect without HISTORY_ENABLED=true: nothing is kept of requests",
    ],
    [
      !settings.ROUTING_ENABLED && settings.ROUTING_CONFIG_PATH !== undefined,
      "ROUTING_CONFIG_PATH has no effect without ROUTING_ENABLED=true",
    ],
    [
      settings.ALLOWED_MODELS.length > 0 && settings.DISALLOWED_MODELS.length > 0,
      "DISALLOWED_MODELS has no effect with ALLOWED_MODELS, which decides alone",
    ],
    [
      settings.MCP_INCLUDE_TOOLS.length > 0 && settings.MCP_EXCLUDE_TOOLS.length > 0,
      "MCP_EXCLUDE_TOOLS has no effect with MCP_INCLUDE_TOOLS, which decides alone",
    ],
  ];
}

/** Members of log lines that tell of the client. */
const CLIENT_FIELDS: ReadonlySet<string> = new Set<RequestField>(["client_address", "user_agent"]);

/** Of who asks, and what is written of it. */
function idleOfClients(settings: Settings): readonly IdleRule[] {
  return [
    [
      !settings.AUTH_ENABLED && settings.AUTH_API_KEYS !== undefined,
      "AUTH_API_KEYS has no effect without AUTH_ENABLED=true: nobody is asked for a key",
    ],
    [
      !settings.AUTH_ENABLED && settings.AUTH_OIDC_ISSUER.length > 0,
      "AUTH_OIDC_ISSUER has no effect without AUTH_ENABLED=true: nobody is asked for a token",
    ],
    [
      settings.SERVER_TRUSTED_PROXIES.length > 0 && !settings.LOG_CLIENT,
      "SERVER_TRUSTED_PROXIES has no effect without LOG_CLIENT=true: addresses of clients are used in the log only",
    ],
    [
      settings.LOG_FIELDS.some((field) => CLIENT_FIELDS.has(field)) && !settings.LOG_CLIENT,
      "LOG_FIELDS names client_address or user_agent, which are not written without LOG_CLIENT=true",
    ],
    [
      settings.AUTH_ENABLED && settings.SERVER_ALLOWED_HOSTS.length > 0,
      "SERVER_ALLOWED_HOSTS has no effect with AUTH_ENABLED=true: a credential is asked for under every name",
    ],
  ];
}

function idleOfMetrics(settings: Settings): readonly IdleRule[] {
  if (settings.TELEMETRY_ENABLED) return [];
  return [
    [
      settings.OTEL_METRICS_EXPORTER.includes("otlp"),
      "OTEL_METRICS_EXPORTER has no effect without TELEMETRY_ENABLED=true: nothing is counted",
    ],
    [
      settings.TELEMETRY_METRICS_PUSH_ENABLED,
      "TELEMETRY_METRICS_PUSH_ENABLED has no effect without TELEMETRY_ENABLED=true: POST /v1/metrics answers 403",
    ],
  ];
}
