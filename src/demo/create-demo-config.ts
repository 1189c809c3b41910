import type { Config } from "../config/load-config.ts";
import type { Provider } from "../providers/provider.ts";
import { startDemoProvider } from "./start-demo-provider.ts";

/** Starts the demo provider and adds it to the configured ones; it lives as long as the process. */
export function createDemoConfig(config: Config): Config {
  const demo: Provider = Object.freeze({
    id: "demo",
    baseUrl: startDemoProvider().url,
    unixSocket: undefined,
    http2: false,
    auth: "none",
    authHeader: "",
    key: undefined,
    headers: {},
    relayedHeaders: [],
    extraRequestHeaders: [],
    listing: "openai",
    paths: { models: "/models", chat: "/chat/completions", embeddings: "/embeddings" },
    refusesStreamOptions: false,
    callable: true,
    configured: true,
  });
  return { ...config, providers: [...config.providers, demo] };
}
