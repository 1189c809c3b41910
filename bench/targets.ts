import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY, gatewayTarget, SOURCE } from "./gateway-target.ts";
import type { Issuer } from "./issuer.ts";
import type { ToolServer } from "./tool-server.ts";

/** The ground that all targets stand on. */
export interface Rig {
  /** Origin of the mock upstream, without a trailing slash. */
  readonly mockOrigin: string;
  /** A directory of this run's own, removed at its end. */
  readonly directory: string;
  /** Signs the tokens of targets that ask for them. */
  readonly issuer: Issuer;
  readonly toolServer: ToolServer;
}

/** A ground without issuer and MCP servers, for targets that ask for neither. */
export function rigWithout(mockOrigin: string, directory: string): Rig {
  const stop = (): void => {};
  return {
    mockOrigin,
    directory,
    issuer: { url: "", mint: () => [], stop },
    toolServer: { url: "", emptyUrl: "", stop },
  };
}

/** Whom a target's requests come from. */
export interface Credentials {
  /** Whether each request needs another credential than all requests before it. */
  readonly fresh: boolean;
  /** Makes that many, all different where they have to be fresh; without `fresh` one is enough. */
  readonly make: (count: number, rig: Rig) => readonly string[];
}

/** Something that carries a chat request to the mock upstream, and how to start it. */
export interface Target {
  readonly name: string;
  /** Why it cannot be measured here; `undefined` where it can. */
  readonly missing?: string;
  /** Absent for a server that is up already. */
  readonly start?: (port: number, rig: Rig) => Start;
  /** Address to send chat requests to. */
  readonly chatUrl: (port: number, rig: Rig) => string;
  /** Process to measure, where this program does not start it. */
  readonly pid?: number;
  /** Size of the executable, in bytes, for one that is shipped as a single file. */
  readonly binaryBytes?: number;
  /** Sent as bearer tokens; absent where requests carry none. */
  readonly credentials?: Credentials;
}

/** How the process of a target is started. */
export interface Start {
  readonly command: readonly string[];
  /** All of its environment but PATH and HOME. */
  readonly environment: Readonly<Record<string, string>>;
  /** File for its standard output, which is thrown away without one. */
  readonly outputFile?: string;
}

const NGINX_PLACES = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"];

const ownChatUrl = (port: number): string => `http://127.0.0.1:${port}/v1/chat/completions`;

function bareProxy(name: string, parse: boolean): Target {
  return {
    name,
    chatUrl: ownChatUrl,
    start: (port, rig) => ({
      command: [process.execPath, join(import.meta.dir, "bare-proxy.ts")],
      environment: {
        PORT: String(port),
        UPSTREAM: rig.mockOrigin,
        PARSE: parse ? "1" : "0",
        BUN_CONFIG_MAX_HTTP_REQUESTS: "65535",
      },
    }),
  };
}

function nginxSettings(port: number, rig: Rig, directory: string): string {
  return `daemon off; worker_processes 1; worker_rlimit_nofile 16384; pid ${directory}/pid; error_log stderr error;
${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 8192; }
http {
  access_log off; server_tokens off; tcp_nodelay on; client_max_body_size 64m;
  client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
  keepalive_timeout 300s; keepalive_requests 100000000;
  upstream mock { server ${new URL(rig.mockOrigin).host}; keepalive 1024; keepalive_requests 100000000; keepalive_timeout 300s; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_request_buffering off; proxy_read_timeout 300s;
    }
  }
}
`;
}

const nginxProgram = NGINX_PLACES.find((path) => existsSync(path)) ?? Bun.which("nginx") ?? undefined;

/** What this bench compares by itself. Those that cannot run here say so in `missing`. */
export const OWN_TARGETS: readonly Target[] = [
  { name: "direct", chatUrl: (_, rig) => `${rig.mockOrigin}/v1/chat/completions` },
  {
    name: "nginx",
    ...(nginxProgram === undefined ? { missing: "nginx is not installed" } : {}),
    chatUrl: ownChatUrl,
    start(port, rig) {
      const directory = join(rig.directory, `nginx-${port}`);
      mkdirSync(directory, { recursive: true }); // A port can come up twice in one run.
      const settings = join(directory, "nginx.conf");
      writeFileSync(settings, nginxSettings(port, rig, directory));
      return { command: [nginxProgram ?? "nginx", "-e", "stderr", "-c", settings, "-p", directory], environment: {} };
    },
  },
  bareProxy("bare", false),
  bareProxy("bare-json", true),
  gatewayTarget("gateway", SOURCE),
  {
    ...gatewayTarget("binary", BINARY),
    ...(existsSync(BINARY.path) ? { binaryBytes: statSync(BINARY.path).size } : {}),
  },
];

/**
 * A server that somebody else started, with the mock upstream (see `--mock-port`) as its OpenAI provider.
 * @param text `name=url`, the URL as far as `/v1`, with an optional `#pid` to measure CPU time and memory of that process
 * @throws where the text is not of this form
 */
export function parseTarget(text: string): Target {
  const equals = text.indexOf("=");
  const url = URL.parse(text.slice(equals + 1));
  if (equals < 1 || url === null || url.protocol !== "http:") {
    throw new Error(`--target ${text}: must be name=http://host:port/v1, with an optional #pid`);
  }
  const pid = Number(url.hash.slice(1));
  const chatUrl = `${url.origin}${url.pathname.replace(/\/$/, "")}/chat/completions`;
  return { name: text.slice(0, equals), chatUrl: () => chatUrl, ...(pid > 0 ? { pid } : {}) };
}
