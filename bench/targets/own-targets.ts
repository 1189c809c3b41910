import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gatewayTarget } from "./gateway.ts";
import type { Ground, Target } from "./target.ts";

const NGINX_PLACES = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"];
const nginxProgram = NGINX_PLACES.find((path) => existsSync(path)) ?? Bun.which("nginx") ?? undefined;

function bareProxy(name: string, settings: Readonly<Record<string, string>> = {}): Target {
  return {
    name,
    start: (port, { mockOrigin }) => ({
      command: [process.execPath, join(import.meta.dir, "bare-proxy.ts")],
      environment: { PORT: String(port), UPSTREAM: mockOrigin, BUN_CONFIG_MAX_HTTP_REQUESTS: "65535", ...settings },
    }),
  };
}

function nginxSettings(port: number, { mockOrigin }: Ground, directory: string): string {
  return `daemon off; worker_processes 1; worker_rlimit_nofile 16384; pid ${directory}/pid; error_log stderr error;
${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 8192; }
http {
  access_log off; server_tokens off; tcp_nodelay on; client_max_body_size 64m;
  client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
  keepalive_timeout 300s; keepalive_requests 100000000;
  upstream mock { server ${new URL(mockOrigin).host}; keepalive 1024; keepalive_requests 100000000; keepalive_timeout 300s; }
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

/** The least that a proxy on Bun can do. */
export const BARE = bareProxy("bare");

/** The gateway from source, as most people would run it. */
export const GATEWAY = gatewayTarget("gateway");

/** The gateway with clients of the Messages API and a provider that has only chat: what it does for them is translate. */
export const TRANSLATING = gatewayTarget("translating", { settings: { OPENAI_APIS: "chat" }, path: "/v1/messages" });

/** What this bench compares by itself. Those that cannot run here say so in `missing`. */
export const OWN_TARGETS: readonly Target[] = [
  { name: "direct", chatUrl: ({ mockOrigin }) => `${mockOrigin}/v1/chat/completions` },
  {
    name: "nginx",
    ...(nginxProgram === undefined && { missing: "nginx is not installed" }),
    start(port, ground) {
      const directory = join(ground.directory, `nginx-${port}`);
      mkdirSync(directory, { recursive: true }); // A port can come up twice in one run.
      const settings = join(directory, "nginx.conf");
      writeFileSync(settings, nginxSettings(port, ground, directory));
      return { command: [nginxProgram ?? "nginx", "-e", "stderr", "-c", settings, "-p", directory], environment: {} };
    },
  },
  BARE,
  bareProxy("bare-json", { PARSE: "1" }),
  GATEWAY,
  gatewayTarget("binary", { binary: true }),
];

/** Take part only if they are named. */
export const FURTHER_TARGETS: readonly Target[] = [
  TRANSLATING,
  gatewayTarget("fetch", { settings: { CLIENT_TRANSPORT: "fetch" } }),
  ...[1, 2, 4].map((count) => gatewayTarget(`workers-${count}`, { settings: { SERVER_WORKERS: String(count) } })),
];
