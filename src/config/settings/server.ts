import { LONGEST_WAIT, type SettingRows } from "../setting-row.ts";

/** How clients are served. */
export const SERVER_SETTINGS = {
  SERVER_HOST: {
    group: "Server",
    type: "string",
    default: "127.0.0.1",
    appliesAt: "restart",
    doc: "Address to listen on; 0.0.0.0 is every IPv4 interface",
  },
  SERVER_PORT: {
    group: "Server",
    type: "integer",
    range: ["0", "65535"],
    default: "8080",
    appliesAt: "restart",
    doc: "Port to listen on; 0 takes a free one",
  },
  SERVER_UNIX_SOCKET: {
    group: "Server",
    type: "string",
    appliesAt: "restart",
    doc: "Path of a unix socket to listen on, instead of host and port",
  },
  SERVER_WORKERS: {
    group: "Server",
    type: "integer",
    range: ["1", "256"],
    words: ["auto"],
    default: "1",
    appliesAt: "restart",
    doc: "How many processes serve, each with its own share of connections; auto is one for each core",
  },
  SERVER_IDLE_TIMEOUT: {
    group: "Server",
    type: "duration",
    // Not 0, which would switch off the only protection against clients that never finish a request. 255 s is the
    // most that Bun.serve takes.
    range: ["1s", "255s"],
    default: "120s",
    appliesAt: "restart",
    doc: "How long a client connection may be silent between requests or within one",
  },
  SERVER_MAX_REQUEST_BODY_SIZE: {
    group: "Server",
    type: "bytes",
    range: ["1", "1GiB"],
    default: "10485760",
    doc: "Largest request body, counted after decompression",
  },
  SERVER_MAX_JSON_DEPTH: {
    group: "Server",
    type: "integer",
    range: ["8", "512"],
    default: "64",
    doc: "Most levels of nested arrays and objects in a request, and in what providers and MCP servers answer",
  },
  SERVER_MAX_JSON_VALUES: {
    group: "Server",
    type: "integer",
    range: ["1000", "100000000"],
    default: "1000000",
    doc: "Most values in the JSON of a request, and of what providers and MCP servers answer",
  },
  SERVER_MAX_BUFFERED_BYTES: {
    group: "Server",
    type: "bytes",
    range: ["1MiB", "1024GiB"],
    words: ["auto"],
    default: "auto",
    appliesAt: "restart",
    doc: "Memory for bodies, conversations with tools and buffered answers together, in each worker; beyond it requests wait up to 5 s, then get 503. auto is a quarter of what the process may use, shared by the workers",
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
    appliesAt: "restart",
    doc: "How long requests in flight may go on after SIGTERM or SIGINT",
  },
  SERVER_TLS_CERT_PATH: {
    group: "Server",
    type: "string",
    appliesAt: "restart-if-toggled",
    doc: "File with the certificate chain in PEM, to serve HTTPS; read again on SIGHUP",
  },
  SERVER_TLS_KEY_PATH: {
    group: "Server",
    type: "string",
    appliesAt: "restart-if-toggled",
    doc: "File with the certificate's private key in PEM; read again on SIGHUP",
  },
  SERVER_CORS_ORIGINS: {
    group: "Server",
    type: "list",
    doc: "Origins whose web pages may call the gateway, such as https://app.example.com; * is every origin",
  },
  SERVER_ALLOWED_HOSTS: {
    group: "Server",
    type: "list",
    doc: "Names beside those of this machine under which clients may ask while authentication is off; .example.com is with its subdomains, * is every name",
  },
} as const satisfies SettingRows;
