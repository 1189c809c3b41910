import type { SettingRows } from "../setting-row.ts";

/** What is kept of requests that are over. */
export const HISTORY_SETTINGS = {
  HISTORY_ENABLED: {
    group: "Telemetry",
    type: "boolean",
    default: "false",
    appliesAt: "restart",
    doc: "Keep a row for each request to a model (who, what, tokens, cost, times; never content) and serve GET /v1/requests and GET /v1/usage",
  },
  DATA_DIR: {
    group: "Telemetry",
    type: "string",
    default: "./data",
    appliesAt: "restart",
    doc: "Folder for what the gateway keeps: the history's SQLite file, and its rows that wait for the database; workers share it",
  },
  DATABASE_URL: {
    group: "Telemetry",
    type: "string",
    secret: "wholly",
    appliesAt: "restart",
    doc: "Server for the history in place of SQLite, with user and password: postgres://user@host/database; gateways may share it",
  },
  HISTORY_RETENTION: {
    group: "Telemetry",
    type: "duration",
    range: ["1h", "87600h"],
    default: "720h",
    appliesAt: "restart",
    doc: "How long rows are kept; 720h is 30 days",
  },
  HISTORY_USAGE_RETENTION: {
    group: "Telemetry",
    type: "duration",
    range: ["1h", "87600h"],
    default: "9600h",
    appliesAt: "restart",
    doc: "How long the hourly sums of rows are kept, by model, provider and identity; 9600h is 400 days",
  },
  HISTORY_SPOOL_MAX_BYTES: {
    group: "Telemetry",
    type: "bytes",
    range: ["64KiB", "1024GiB"],
    default: "256MiB",
    appliesAt: "restart",
    doc: "Most that each process keeps on disk of rows for a database that is away, 300 bytes a row; beyond that rows are lost, which is counted and logged",
  },
  HISTORY_CONTENT: {
    group: "Telemetry",
    type: "boolean",
    default: "false",
    appliesAt: "restart",
    doc: "Keep what is asked and answered beside the rows, at most 64 KiB of each body, compressed, without the keys of providers; GET /v1/requests/{id} shows it to the client that asked",
  },
  HISTORY_CONTENT_TTL: {
    group: "Telemetry",
    type: "duration",
    range: ["1m", "87600h"],
    default: "168h",
    appliesAt: "restart",
    doc: "How long that is kept, also after HISTORY_CONTENT is turned off; 168h is 7 days",
  },
  HISTORY_CONTENT_MAX_BYTES: {
    group: "Telemetry",
    type: "bytes",
    range: ["64KiB", "1024GiB"],
    default: "1GiB",
    appliesAt: "restart",
    doc: "Most that is kept of it, in the database and compressed; beyond that the oldest is removed",
  },
} as const satisfies SettingRows;
