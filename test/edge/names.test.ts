import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  askProcessProbe,
  countObjects,
  heapGrowth,
  type HeapCounts,
  PROCESS_PROBE,
} from "../fixtures/ask-process-probe.ts";
import { showFigures } from "../fixtures/figures.ts";
import { startGateway } from "../fixtures/start-gateway.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

/** Of each kind; `NAMES=100000` asks for as many as a gateway may see in a day. */
const NAMES = Number(process.env["NAMES"] ?? 1500);
const AT_ONCE = 16;

const folder = scratchFolder("gateway-names");
const provider = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    if (request.method === "GET") return Response.json({ object: "list", data: [{ id: "m", object: "model" }] });
    const { model } = (await request.json()) as { model: string };
    // What a provider says the model was is a name as well.
    return Response.json({ model, choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } });
  },
});
afterAll(async () => {
  await provider.stop(true);
});

/** Every part that looks at names is in use: metrics, sticky deployments, limits, keys, sessions. */
function settingsOf(unix: string): Record<string, string> {
  const config = join(folder, "gateway.yaml");
  writeFileSync(
    config,
    `models:
  fast:
    strategy: sticky
    limits: { requests_per_minute: 1000000 }
    deployments: [{ provider: left, model: m }, { provider: right, model: m }]
  "any/*":
    deployments: [{ provider: left, model: "*" }, { provider: right, model: "*" }]
`,
  );
  const apis = ["LEFT", "RIGHT"].map((id) => [`${id}_API_URL`, `${provider.url.href}v1`]);
  return {
    ...Object.fromEntries(apis),
    ...{ CUSTOM_PROVIDERS: "left,right", GATEWAY_CONFIG: config, AUTH_ENABLED: "true", AUTH_API_KEYS: "me:sk-known" },
    ...{ TELEMETRY_ENABLED: "true", TELEMETRY_METRICS_PORT: "0", LOG_LEVEL: "info" },
    ...{ BUN_OPTIONS: `--preload ${PROCESS_PROBE}`, PROCESS_PROBE_SOCKET: unix },
  };
}

/** Requests that each bring a name that nobody has seen, by what the name is of. */
const KINDS: Readonly<
  Record<string, (name: string) => readonly [path: string, model: string, headers: object, body?: object]>
> = {
  "a model of a provider": (name) => ["/v1/chat/completions", `left/${name}`, {}],
  "a model of no provider": (name) => ["/v1/chat/completions", `nobody/${name}`, {}],
  "a model of a pattern": (name) => ["/v1/chat/completions", `any/${name}`, {}],
  "a user and a conversation": (name) => ["/v1/chat/completions", "fast", {}, { user: name, prompt_cache_key: name }],
  "a session": (name) => ["/v1/chat/completions", "fast", { "x-session-id": name, "x-request-id": name }],
  "a key": (name) => ["/v1/chat/completions", "fast", { authorization: `Bearer sk-${name}` }],
  "a path": (name) => [`/${name}`, "fast", {}],
  "a path of a provider": (name) => [`/proxy/left/v1/${name}`, "m", {}],
  "an origin": (name) => ["/v1/chat/completions", "fast", { origin: `https://${name}.example`, "user-agent": name }],
};

test(`${NAMES} names of each kind leave the heap as it was`, async () => {
  const unix = join(folder, "probe.sock");
  const gateway = await startGateway(settingsOf(unix));
  try {
    let next = 0;
    const ask = async (kind: keyof typeof KINDS): Promise<void> => {
      const name = `name-${next++}-${"x".repeat(40)}`;
      const [path, model, headers, further] = KINDS[kind]?.(name) ?? ["", "", {}];
      const messages = [{ role: "user", content: `hello ${name}` }];
      const response = await fetch(`${gateway.url}${path}`, {
        method: "POST",
        headers: { authorization: "Bearer sk-known", "content-type": "application/json", ...headers },
        body: JSON.stringify({ model, messages, ...further }),
      });
      await response.bytes();
    };
    const askAll = async (kind: string, count: number): Promise<void> => {
      let left = count;
      const one = async (): Promise<void> => {
        while (left-- > 0) await ask(kind);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, one));
    };
    const collected = async (): Promise<HeapCounts> => {
      await askProcessProbe(unix, "collected");
      return askProcessProbe(unix, "collected");
    };
    // What is bounded is filled, and what is made once is made.
    for (const kind of Object.keys(KINDS)) await askAll(kind, 600);
    const grown: Record<string, number> = {};
    for (const kind of Object.keys(KINDS)) {
      const before = await collected();
      await askAll(kind, NAMES);
      const after = await collected();
      grown[kind] = (countObjects(after) - countObjects(before)) / NAMES;
      const [type = "", count = 0] = heapGrowth(before, after)[0] ?? [];
      showFigures("%s: %s objects a name, most of them %s (%d)", kind, grown[kind].toFixed(3), type, count);
    }
    // A name that is kept is a string and a place in some table at the least.
    expect(Object.entries(grown).filter(([, objects]) => objects > 0.5)).toEqual([]);
  } finally {
    await gateway.stop();
  }
}, 120_000);
