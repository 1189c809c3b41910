import { LONGEST_WAIT, type SettingRows } from "../setting-row.ts";

/** What concerns the gateway as a whole. */
export const GENERAL_SETTINGS = {
  ENVIRONMENT: {
    group: "General",
    type: "string",
    default: "production",
    appliesAt: "restart",
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
    appliesAt: "restart",
    doc: "How log lines are written; auto is pretty on a terminal and json elsewhere",
  },
  LOG_CLIENT: {
    group: "General",
    type: "boolean",
    default: "false",
    doc: "Write the address and the user agent of the client to the log line of each request",
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
  PROXY_WITHOUT_MODEL: {
    group: "General",
    type: "enum",
    values: ["refuse", "allow"],
    default: "refuse",
    doc: "Whether /proxy and stored responses take requests that name no model while ALLOWED_MODELS or DISALLOWED_MODELS is set",
  },
  ENABLE_VISION: {
    group: "General",
    type: "boolean",
    default: "false",
    doc: "Accept what a model can look at in requests: images, videos, and files, which may hold either",
  },
  VALIDATION: {
    group: "General",
    type: "enum",
    values: ["liberal", "strict"],
    default: "liberal",
    doc: "strict: refuse requests that break OpenAI's or Anthropic's documented form; liberal leaves that to the provider",
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
    doc: "always: ask providers for token usage of every stream and remove the usage chunk again if the client did not ask",
  },
  SWAGGER_ENABLED: {
    group: "General",
    type: "boolean",
    default: "true",
    doc: "Serve the API reference at /swagger and the guide at /docs",
  },
  SWAGGER_PUBLIC: {
    group: "General",
    type: "boolean",
    default: "false",
    doc: "Show API reference and guide without a credential too while authentication is on; else the page at /swagger asks for one",
  },
} as const satisfies SettingRows;
