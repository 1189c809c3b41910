import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

/** nginx.conf with what depends on the run. */
function nginxSettings(port: number, { mockOrigin }: Ground, directory: string): string {
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const template = readFileSync(join(import.meta.dir, "nginx.conf"), "utf8").replace("USER", user);
  const settings = template.replace("PORT", String(port)).replace("MOCK", new URL(mockOrigin).host);
  return settings.replaceAll("DIRECTORY", directory);
}

/** The least that a proxy on Bun can do. */
export const BARE = bareProxy("bare");

/** The gateway from source, as most people would run it. */
export const GATEWAY = gatewayTarget("gateway");

/** The gateway with clients of the Messages API and a provider that has only chat: what it does for them is translate. */
export const TRANSLATING = gatewayTarget("translating", { settings: { OPENAI_APIS: "chat" }, path: "/v1/messages" });

/** The gateway that is asked by names of its own, each of one deployment that is healthy. */
export const ALIAS = gatewayTarget("alias", {
  settings: { GATEWAY_CONFIG: join(import.meta.dir, "alias.yaml") },
  provider: "alias",
});

/** The gateway that counts what becomes of requests. */
export const METERED = gatewayTarget("metered", {
  settings: { TELEMETRY_ENABLED: "true", TELEMETRY_METRICS_PORT: "0" },
});

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
  ALIAS,
  METERED,
  TRANSLATING,
  gatewayTarget("fetch", { settings: { CLIENT_TRANSPORT: "fetch" } }),
  ...[1, 2, 4].map((count) => gatewayTarget(`workers-${count}`, { settings: { SERVER_WORKERS: String(count) } })),
];
