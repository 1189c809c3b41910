/** The headings under which settings are listed, in that order. */
export const SETTING_GROUPS = ["General", "Providers", "Server", "Client", "Authentication", "MCP"] as const;
export type SettingGroup = (typeof SETTING_GROUPS)[number];

interface CommonSettingRow {
  readonly group: SettingGroup;
  /** One line for the operator, without a full stop at its end. */
  readonly doc: string;
  /** As the operator would write it. A row without one is undefined while unset; a list is then empty. */
  readonly default?: string;
  /**
   * The value is never shown whole; `wholly`: no part of it is, because it holds several secrets; `credentials`: it is a
   * URL, and what stands before its host is not.
   */
  readonly secret?: true | "wholly" | "credentials";
  /** Older spellings, each accepted with a warning. */
  readonly aliases?: readonly string[];
  /** How a value under an older spelling is read where that had another form than this setting has. */
  readonly aliasForm?: {
    /** What is accepted, to follow the word "expected". */
    readonly expected: string;
    /** What would be written today; undefined where the value is not accepted. */
    readonly translate: (value: string) => string | undefined;
  };
}

/** Smallest and largest accepted value, both included, as the operator would write them. */
export type SettingRange = readonly [minimum: string, maximum: string];

/** One row of the settings table: everything that loading, checking and documenting a setting needs to know. */
export type SettingRow = CommonSettingRow &
  (
    | { readonly type: "string" | "boolean" | "list" | "proxy" }
    | { readonly type: "duration" | "bytes"; readonly range?: SettingRange }
    | { readonly type: "enum"; readonly values: readonly string[] }
    | {
        readonly type: "integer";
        readonly range?: SettingRange;
        /** Words that are accepted in place of a number and reach the reader of the setting as they are. */
        readonly words?: readonly string[];
      }
  );

// setTimeout fires at once for waits of 2^31 milliseconds (24.8 days) and more, so no deadline may come near that.
const LONGEST_WAIT = "24h";

/**
 * Every setting, in the order in which it is listed. A setting is one row here: its type in `Settings`, its check at
 * start, `--help`, `--print-config`, the README table and the warning for misspellings follow from it.
 */
export const SETTINGS_TABLE = {
  ENVIRONMENT: {
    group: "General",
    type: "string",
    default: "production",
    doc: "Name of the deployment, written to every log line",
  },
  LOG_LEVEL: {
    group: "General",
    type: "enum",
    values: ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
    default: "info",
    doc: "Least severe log line that is written",
  },
  LOG_FORMAT: {
    group: "General",
    type: "enum",
    values: ["auto", "json", "pretty"],
    default: "auto",
    doc: "How log lines are written; auto is pretty on a terminal and json elsewhere",
  },
  ALLOWED_MODELS: {
    group: "General",
    type: "list",
    doc: "Only these models may be used (alias, provider/model or bare name); DISALLOWED_MODELS is then ignored",
  },
  DISALLOWED_MODELS: {
    group: "General",
    type: "list",
    doc: "These models may not be used (alias, provider/model or bare name)",
  },
  ENABLE_VISION: {
    group: "General",
    type: "boolean",
    default: "false",
    doc: "Accept images in requests",
  },
  ERROR_FORMAT: {
    group: "General",
    type: "enum",
    values: ["simple", "openai"],
    default: "simple",
    doc: 'Shape of errors: {"error": "message"}, or OpenAI\'s envelope',
  },
  MODELS_TIMEOUT: {
    group: "General",
    type: "duration",
    range: ["1ms", LONGEST_WAIT],
    default: "5s",
    doc: "How long one provider may take to list its models",
  },
  MODELS_CACHE_TTL: {
    group: "General",
    type: "duration",
    range: ["0s", LONGEST_WAIT],
    default: "60s",
    doc: "How long a list of models is served before the provider is asked again",
  },
  STREAM_USAGE: {
    group: "General",
    type: "enum",
    values: ["as-asked", "always"],
    default: "as-asked",
    doc: "always: ask providers for token usage of every stream and remove the usage chunk again where the client did not ask",
  },
  SWAGGER_ENABLED: {
    group: "General",
    type: "boolean",
    default: "true",
    doc: "Serve the API documentation at /swagger",
  },
  CUSTOM_PROVIDERS: {
    group: "Providers",
    type: "list",
    doc: "Ids of further OpenAI-compatible servers; each needs <ID>_API_URL",
  },
  SERVER_HOST: {
    group: "Server",
    type: "string",
    default: "127.0.0.1",
    doc: "Address to listen on; 0.0.0.0 is every IPv4 interface",
  },
  SERVER_PORT: {
    group: "Server",
    type: "integer",
    range: ["0", "65535"],
    default: "8080",
    doc: "Port to listen on; 0 takes a free one",
  },
  SERVER_UNIX_SOCKET: {
    group: "Server",
    type: "string",
    doc: "Path of a unix socket to listen on, instead of host and port",
  },
  SERVER_WORKERS: {
    group: "Server",
    type: "integer",
    range: ["1", "256"],
    words: ["auto"],
    default: "1",
    doc: "How many processes serve, each with its own share of connections; auto is one for each core",
  },
  SERVER_IDLE_TIMEOUT: {
    group: "Server",
    type: "duration",
    // Not 0, which would switch off the only protection against clients that never finish a request. 255 s is the
    // most that Bun.serve takes.
    range: ["1s", "255s"],
    default: "120s",
    doc: "How long a client connection may be silent between requests or within one",
  },
  SERVER_MAX_REQUEST_BODY_SIZE: {
    group: "Server",
    type: "bytes",
    range: ["1", "1GiB"],
    default: "10485760",
    doc: "Largest request body, counted after decompression",
  },
  SERVER_MAX_CONCURRENT_REQUESTS: {
    group: "Server",
    type: "integer",
    range: ["0", "1000000"],
    default: "0",
    doc: "Most requests in flight at once, counted by each worker for itself; more are refused with 503. 0 is no limit",
  },
  SERVER_SHUTDOWN_TIMEOUT: {
    group: "Server",
    type: "duration",
    range: ["0s", LONGEST_WAIT],
    default: "30s",
    doc: "How long requests in flight may go on after SIGTERM or SIGINT",
  },
  SERVER_TLS_CERT_PATH: {
    group: "Server",
    type: "string",
    doc: "File with the certificate chain in PEM, to serve HTTPS; read again on SIGHUP",
  },
  SERVER_TLS_KEY_PATH: {
    group: "Server",
    type: "string",
    doc: "File with the certificate's private key in PEM; read again on SIGHUP",
  },
  SERVER_CORS_ORIGINS: {
    group: "Server",
    type: "list",
    doc: "Origins whose web pages may call the gateway, such as https://app.example.com; * is every origin",
  },
  CLIENT_CONNECT_TIMEOUT: {
    group: "Client",
    type: "duration",
    range: ["1ms", LONGEST_WAIT],
    default: "10s",
    doc: "How long connecting to a provider may take",
  },
  CLIENT_RESPONSE_HEADER_TIMEOUT: {
    group: "Client",
    type: "duration",
    range: ["1ms", LONGEST_WAIT],
    default: "10m",
    doc: "How long a provider may take to begin its answer",
  },
  CLIENT_TIMEOUT: {
    group: "Client",
    type: "duration",
    range: ["1ms", LONGEST_WAIT],
    default: "10m",
    doc: "How long a call that is not a stream may take as a whole",
    aliases: ["SERVER_READ_TIMEOUT"],
  },
  CLIENT_STREAM_IDLE_TIMEOUT: {
    group: "Client",
    type: "duration",
    range: ["1ms", LONGEST_WAIT],
    default: "5m",
    doc: "How long a stream may be silent",
  },
  CLIENT_PROXY: {
    group: "Client",
    type: "proxy",
    secret: "credentials",
    doc: "Egress proxy for every call to a provider, an MCP server or the issuer, but for addresses of this machine; HTTP_PROXY and its kin are ignored",
  },
  CLIENT_NO_PROXY: {
    group: "Client",
    type: "list",
    doc: "Hosts that are called without CLIENT_PROXY; a name stands for its subdomains too",
  },
  AUTH_ENABLED: {
    group: "Authentication",
    type: "boolean",
    default: "false",
    doc: "Refuse every request without a token of the issuer or one of AUTH_API_KEYS, except health checks",
    aliases: ["AUTH_ENABLE", "ENABLE_AUTH"],
  },
  AUTH_OIDC_ISSUER: {
    group: "Authentication",
    type: "string",
    doc: "URL of the OpenID Connect issuer, exactly as its tokens name it",
    aliases: ["OIDC_ISSUER_URL"],
  },
  AUTH_OIDC_CLIENT_ID: {
    group: "Authentication",
    type: "string",
    doc: "Audience that tokens must be for",
    aliases: ["OIDC_CLIENT_ID"],
  },
  AUTH_OIDC_CLIENT_SECRET: {
    group: "Authentication",
    type: "string",
    secret: true,
    doc: "Accepted and not used: tokens are checked with the issuer's public keys",
    aliases: ["OIDC_CLIENT_SECRET"],
  },
  AUTH_OIDC_AUDIENCE: {
    group: "Authentication",
    type: "list",
    doc: "Audiences that tokens may be for, instead of AUTH_OIDC_CLIENT_ID",
  },
  AUTH_API_KEYS: {
    group: "Authentication",
    type: "string",
    secret: "wholly",
    doc: "Static keys, each key or name:key, separated by commas; or @/path/file with one on each line, read again on SIGHUP",
    aliases: ["API_KEY"],
    // That was one key, in which neither a colon nor an @ means anything.
    aliasForm: {
      expected: "one key, without commas",
      translate: (key) => (key.includes(",") ? undefined : `:${key}`),
    },
  },
  AUTH_JWKS_GRACE: {
    group: "Authentication",
    type: "duration",
    range: ["0s", "24h"],
    default: "1h",
    doc: "How long the issuer's known keys go on being used while it cannot be asked",
  },
  MCP_ENABLED: {
    group: "MCP",
    type: "boolean",
    default: "false",
    doc: "Offer the tools of MCP_SERVERS to models in chat completions, and run what they call",
    aliases: ["MCP_ENABLE"],
  },
  MCP_EXPOSE: {
    group: "MCP",
    type: "boolean",
    default: "false",
    doc: "Answer GET /v1/mcp/tools with the tools of the connected servers, instead of with 403",
    aliases: ["EXPOSE_MCP"],
  },
  MCP_SERVERS: {
    group: "MCP",
    type: "list",
    doc: "MCP servers, each URL or name=URL; Streamable HTTP, or else SSE",
  },
  MCP_TOOL_MODE: {
    group: "MCP",
    type: "enum",
    values: ["selector", "direct"],
    default: "selector",
    doc: "selector: two functions with which the model looks tools up and runs them; direct: every tool is a function",
  },
  MCP_INCLUDE_TOOLS: {
    group: "MCP",
    type: "list",
    doc: "Only these tools exist (tool, mcp_tool or server/tool); MCP_EXCLUDE_TOOLS is then ignored",
  },
  MCP_EXCLUDE_TOOLS: {
    group: "MCP",
    type: "list",
    doc: "These tools do not exist (tool, mcp_tool or server/tool)",
  },
  MCP_REQUEST_TIMEOUT: {
    group: "MCP",
    type: "duration",
    range: ["1ms", LONGEST_WAIT],
    default: "30s",
    doc: "How long one call of a tool may take",
  },
  MCP_CLIENT_TIMEOUT: {
    group: "MCP",
    type: "duration",
    range: ["1ms", LONGEST_WAIT],
    default: "5s",
    doc: "How long connecting to a server, or one page of its list of tools, may take",
  },
  MCP_RECONNECT_INTERVAL: {
    group: "MCP",
    type: "duration",
    range: ["1ms", LONGEST_WAIT],
    default: "30s",
    doc: "How long to wait before a server that is away is tried again; doubles with each failure, up to eight times this",
  },
  MCP_POLLING_INTERVAL: {
    group: "MCP",
    type: "duration",
    range: ["0s", LONGEST_WAIT],
    default: "30s",
    doc: "How often each server is asked for its tools, beside when it says that they changed; 0s for never",
  },
  MCP_MAX_ITERATIONS: {
    group: "MCP",
    type: "integer",
    range: ["1", "1000"],
    default: "10",
    doc: "How often the model may be asked again with results of tools within one chat completion",
  },
  MCP_MAX_RESULT_BYTES: {
    group: "MCP",
    type: "bytes",
    range: ["1", "64MiB"],
    default: "1MiB",
    doc: "Longest result of a tool that is given to the model; what is longer is cut",
  },
} as const satisfies Readonly<Record<string, SettingRow>>;

export type SettingName = keyof typeof SETTINGS_TABLE;

type WordsOf<Row> = Row extends { readonly words: readonly (infer Word)[] } ? Word : never;

type ValueOf<Row extends SettingRow> = Row["type"] extends "integer" | "duration" | "bytes"
  ? number | WordsOf<Row>
  : Row["type"] extends "boolean"
    ? boolean
    : Row["type"] extends "list"
      ? readonly string[]
      : Row extends { readonly values: readonly (infer Value)[] }
        ? Value
        : string;

/** What the reader of a setting gets: durations in milliseconds, sizes in bytes, undefined where unset. */
export type SettingValue<Row extends SettingRow> = Row extends { readonly default: string } | { readonly type: "list" }
  ? ValueOf<Row>
  : ValueOf<Row> | undefined;

/** The effective settings, by name. Durations are milliseconds, sizes are bytes. */
export type Settings = { readonly [Name in SettingName]: SettingValue<(typeof SETTINGS_TABLE)[Name]> };

/** The rows with their names, in table order, for code that treats all settings alike. */
export const SETTING_ROWS: readonly (readonly [name: SettingName, row: SettingRow])[] = (
  Object.keys(SETTINGS_TABLE) as SettingName[]
).map((name) => [name, SETTINGS_TABLE[name]] as const);
