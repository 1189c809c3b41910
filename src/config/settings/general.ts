import { LONGEST_WAIT, type SettingRows } from "../setting-row.ts";

/** What concerns the gateway as a whole. */
export const GENERAL_SETTINGS = {
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
  PROXY_WITHOUT_MODEL: {
    group: "General",
    type: "enum",
    values: ["refuse", "allow"],
    default: "refuse",
    doc: "Whether /proxy takes requests in which no model is found while ALLOWED_MODELS or DISALLOWED_MODELS is set",
  },
  ENABLE_VISION: {
    group: "General",
    type: "boolean",
    default: "false",
    doc: "Accept what a model can look at in requests: images, videos, and files, which may hold either",
  },
  ERROR_FORMAT: {
    group: "General",
    type: "enum",
    values: ["auto", "simple", "openai"],
    default: "auto",
    doc: 'Shape of errors: simple is {"error": "message"}, openai is OpenAI\'s envelope, auto is openai for clients that read nothing else',
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
} as const satisfies SettingRows;
