import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gatewayTarget } from "./gateway.ts";
import type { Ground, Target } from "./target.ts";

const ALLOWED = ["gpt-4o-mini", "gpt-4o-mini-paced", "gpt-4o-mini-burst"].map((model) => `limited/${model}`).join(",");
const NGINX_PLACES = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"];
const nginxProgram = NGINX_PLACES.find((path) => existsSync(path)) ?? Bun.which("nginx") ?? undefined;

/** nginx.conf with what depends on the run. */
function nginxSettings(port: number, { mockOrigin }: Ground, directory: string): string {
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const template = readFileSync(join(import.meta.dir, "nginx.conf"), "utf8").replace("USER", user);
  const settings = template.replace("PORT", String(port)).replace("MOCK", new URL(mockOrigin).host);
  return settings.replaceAll("DIRECTORY", directory);
}

/** The least that a proxy on Bun can do. */
export const BARE: Target = {
  name: "bare",
  version: [process.execPath, "--version"],
  start: (port, { mockOrigin }) => ({
    command: [process.execPath, join(import.meta.dir, "bare-proxy.ts")],
    environment: { PORT: String(port), UPSTREAM: mockOrigin, BUN_CONFIG_MAX_HTTP_REQUESTS: "65535" },
  }),
};

/** The gateway from source, as most people would run it. */
export const GATEWAY = gatewayTarget("gateway");

/** The gateway with clients of the Messages API and a provider that has only chat: what it does for them is translate. */
export const TRANSLATING = gatewayTarget("translating", { settings: { OPENAI_APIS: "chat" }, path: "/v1/messages" });

const NAMES = { GATEWAY_CONFIG: join(import.meta.dir, "alias.yaml") };

/** The gateway that is asked by names of its own, each of one deployment that is healthy. */
export const ALIAS = gatewayTarget("alias", { settings: NAMES, model: "alias/{model}" });

const METRICS = { TELEMETRY_ENABLED: "true", TELEMETRY_METRICS_PORT: "0" };

/** The gateway that counts what becomes of requests. */
export const METERED = gatewayTarget("metered", { settings: METRICS });

const KEY = "bench-key-0123456789abcdef";

/** The gateway with metrics, a history, keys, a list of allowed models, and a name of its own with limits. */
export const EVERYTHING = gatewayTarget("everything", {
  settings: { ...NAMES, ...METRICS, AUTH_ENABLED: "true", AUTH_API_KEYS: KEY, ALLOWED_MODELS: ALLOWED },
  keepsHistory: true,
  credentials: { fresh: false, make: async () => [KEY] },
  model: "limited/{model}",
});

/** What this bench compares by itself. Those that cannot run here say so in `missing`. */
export const OWN_TARGETS: readonly Target[] = [
  { name: "direct", chatUrl: ({ mockOrigin }) => `${mockOrigin}/v1/chat/completions` },
  {
    name: "nginx",
    ...(nginxProgram === undefined && { missing: "nginx is not installed" }),
    version: [nginxProgram ?? "nginx", "-v"],
    start(port, ground) {
      const directory = join(ground.directory, `nginx-${port}`);
      mkdirSync(directory, { recursive: true }); // A port can come up twice in one run.
      const settings = join(directory, "nginx.conf");
      writeFileSync(settings, nginxSettings(port, ground, directory));
      return { command: [nginxProgram ?? "nginx", "-e", "stderr", "-c", settings, "-p", directory], environment: {} };
    },
  },
  BARE,
  GATEWAY,
  gatewayTarget("binary", { binary: true }),
];

/** Take part only if they are named. */
export const FURTHER_TARGETS: readonly Target[] = [
  ALIAS,
  EVERYTHING,
  METERED,
  TRANSLATING,
  gatewayTarget("fetch", { settings: { CLIENT_TRANSPORT: "fetch" } }),
];
