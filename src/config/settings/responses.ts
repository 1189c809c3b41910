import type { SettingRows } from "../setting-row.ts";

/** Responses that the gateway keeps. */
export const RESPONSES_SETTINGS = {
  RESPONSES_STORE: {
    group: "Responses",
    type: "enum",
    values: ["off", "sqlite", "redis"],
    default: "off",
    appliesAt: "restart",
    doc: "Where the gateway keeps responses of providers without the Responses API, for previous_response_id, references to items and GET /v1/responses/{id}",
  },
  RESPONSES_STORE_PATH: {
    group: "Responses",
    type: "string",
    appliesAt: "restart",
    doc: "File for RESPONSES_STORE=sqlite, made for its owner alone; the workers of one machine share it",
  },
  RESPONSES_STORE_URL: {
    group: "Responses",
    type: "string",
    secret: "wholly",
    appliesAt: "restart",
    doc: "Server for RESPONSES_STORE=redis: redis://, rediss:// or redis+unix://, with user and password if it asks for them; gateways may share it",
  },
  REDIS_URL: {
    group: "Responses",
    type: "string",
    secret: "wholly",
    appliesAt: "restart",
    doc: "Redis or Valkey server through which gateways share cooldowns of deployments and limits per minute, and for RESPONSES_STORE=redis if RESPONSES_STORE_URL names none",
  },
  RESPONSES_STORE_TTL: {
    group: "Responses",
    type: "duration",
    range: ["1s", "87600h"],
    default: "720h",
    appliesAt: "restart",
    doc: "How long a response is kept after it was made or last gone on from; 720h is 30 days",
  },
  RESPONSES_STORE_MAX_BYTES: {
    group: "Responses",
    type: "bytes",
    range: ["64KiB", "1024GiB"],
    default: "1GiB",
    appliesAt: "restart",
    doc: "Most that is kept of all clients together; those that were unused for longest go first",
  },
  RESPONSES_STORE_MAX_CLIENT_BYTES: {
    group: "Responses",
    type: "bytes",
    range: ["64KiB", "1024GiB"],
    default: "256MiB",
    appliesAt: "restart",
    doc: "Most that is kept of one key or one subject of tokens; without authentication all clients are one",
  },
  RESPONSES_STORE_TIMEOUT: {
    group: "Responses",
    type: "duration",
    range: ["10ms", "1m"],
    default: "2s",
    appliesAt: "restart",
    doc: "How long the store may take for one call; then previous_response_id is 503, and answers are not kept",
  },
} as const satisfies SettingRows;
