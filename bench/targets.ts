import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { adopt, end } from "./children.ts";

/** The ground that all targets stand on. */
export interface Rig {
  /** Origin of the mock upstream, without a trailing slash. */
  readonly mockOrigin: string;
  /** A directory of this run's own, removed at its end. */
  readonly directory: string;
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
}

interface Start {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A target that answers. */
export interface Running {
  readonly target: Target;
  readonly pid: number | undefined;
  readonly chatUrl: string;
  /** From the start of the process to its first 200, in milliseconds; `undefined` for one that was up already. */
  readonly startMilliseconds: number | undefined;
}

const ROOT = resolve(import.meta.dir, "..");
const BINARY = join(ROOT, "dist", "inference-gateway");
const NGINX_PLACES = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"];
const START_DEADLINE_MILLISECONDS = 10_000;

const gatewayEnvironment = (port: number, rig: Rig): Record<string, string> => ({
  OPENAI_API_KEY: "bench",
  OPENAI_API_URL: `${rig.mockOrigin}/v1`,
  SERVER_HOST: "127.0.0.1",
  SERVER_PORT: String(port),
  LOG_LEVEL: "info",
  LOG_FORMAT: "json",
});
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
  {
    name: "gateway",
    ...(existsSync(join(ROOT, "src", "main.ts")) ? {} : { missing: "src/main.ts does not exist" }),
    chatUrl: ownChatUrl,
    start: (port, rig) => ({
      command: [process.execPath, join(ROOT, "src", "main.ts")],
      environment: gatewayEnvironment(port, rig),
    }),
  },
  {
    name: "binary",
    ...(existsSync(BINARY)
      ? { binaryBytes: statSync(BINARY).size }
      : { missing: "dist/inference-gateway does not exist; `bun run build` makes it" }),
    chatUrl: ownChatUrl,
    start: (port, rig) => ({ command: [BINARY], environment: gatewayEnvironment(port, rig) }),
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

function freePort(): number {
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { keepalive: false, signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/**
 * Starts a target and waits for its first 200. Its standard output is thrown away, its errors are kept for the message.
 * @throws Error that tells what the process wrote, where it ends or does not answer within ten seconds
 */
export async function launch(target: Target, rig: Rig): Promise<Running> {
  const port = freePort();
  const chatUrl = target.chatUrl(port, rig);
  if (target.start === undefined) return { target, chatUrl, pid: target.pid, startMilliseconds: undefined };
  const { command, environment } = target.start(port, rig);
  const errorFile = join(rig.directory, `${target.name}-${port}.stderr`);
  const errors = openSync(errorFile, "w");
  const beganAt = performance.now();
  // A directory of its own: neither a .env nor a bunfig.toml of this one may change what is measured.
  const child = Bun.spawn([...command], {
    cwd: rig.directory,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...environment },
    stdin: "ignore",
    stdout: "ignore",
    stderr: errors,
  });
  adopt(child);
  closeSync(errors);
  while (performance.now() - beganAt < START_DEADLINE_MILLISECONDS && child.exitCode === null) {
    if (await answersOk(`http://127.0.0.1:${port}/health`)) {
      return { target, chatUrl, pid: child.pid, startMilliseconds: performance.now() - beganAt };
    }
    await Bun.sleep(1);
  }
  const outcome = child.exitCode === null ? "did not answer /health within 10 s" : `ended with code ${child.exitCode}`;
  await end(child.pid);
  throw new Error(`${outcome}\n${readFileSync(errorFile, "utf8").trim().split("\n").slice(0, 8).join("\n")}`);
}
