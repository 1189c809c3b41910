import { LONGEST_WAIT, type SettingRows } from "../setting-row.ts";

/** How the gateway calls out, as a client of providers, MCP servers and the issuer. */
export const CLIENT_SETTINGS = {
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
  CLIENT_STREAM_TIMEOUT: {
    group: "Client",
    type: "duration",
    range: ["1ms", LONGEST_WAIT],
    doc: "How long a stream may take as a whole; unset is without limit",
  },
  CLIENT_TRANSPORT: {
    group: "Client",
    type: "enum",
    values: ["auto", "socket", "fetch"],
    default: "auto",
    doc: "What carries the calls to providers: the gateway's own sockets, or Bun's fetch; auto takes fetch only for HTTP/2 and through CLIENT_PROXY",
  },
  CLIENT_PROXY: {
    group: "Client",
    type: "proxy",
    secret: "credentials",
    doc: "Egress proxy for every call to a provider, an MCP server or the issuer, but for addresses of this machine; HTTP_PROXY and the like are ignored",
  },
  CLIENT_NO_PROXY: {
    group: "Client",
    type: "list",
    doc: "Hosts that are called without CLIENT_PROXY; a name includes its subdomains",
  },
} as const satisfies SettingRows;
