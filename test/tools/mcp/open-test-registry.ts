import type { Environment } from "../../../src/config/environment.ts";
import { toolsOptions } from "../../../src/config/module-options.ts";
import { loadConfig } from "../../fixtures/load-config.ts";
import {
  openToolRegistry,
  type OpenToolRegistry,
  type ToolRegistryDependencies,
} from "../../../src/tools/mcp/open-tool-registry.ts";
import { createSharedConnections, type SharedConnectionsParts } from "../../../src/tools/mcp/shared-connections.ts";
import { within } from "../../fixtures/within.ts";
import { createTestBudget } from "../../fixtures/memory-budget.ts";

/** A started tool box, and what it told about its servers: `name: connected`, `name: disconnected: problem`. */
export interface TestBox extends OpenToolRegistry, AsyncDisposable {
  readonly told: readonly string[];
  /** The names of all tools now. */
  names(): string[];
  /** Runs a tool of an offer without reserved names. */
  run(name: string, args?: unknown, signal?: AbortSignal): Promise<string>;
  /** Waits until the condition holds. */
  until(condition: () => boolean, what: string, milliseconds?: number): Promise<void>;
}

/** Timeouts are short and there is no polling, unless the settings say otherwise. */
const QUICK: Environment = {
  MCP_ENABLED: "true",
  MCP_CLIENT_TIMEOUT: "20s",
  MCP_REQUEST_TIMEOUT: "20s",
  MCP_RECONNECT_INTERVAL: "30ms",
  MCP_POLLING_INTERVAL: "0s",
};

export const TIMERS: SharedConnectionsParts["timers"] = {
  now: () => performance.now(),
  setTimer: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimer: (timer) => clearTimeout(timer as Timer),
};

const NONE: ReadonlySet<string> = new Set();

type Dependencies = Omit<ToolRegistryDependencies, "connections"> & SharedConnectionsParts;

export function openTestBox(environment: Environment, dependencies: Partial<Dependencies> = {}): TestBox {
  const loaded = loadConfig({ ...QUICK, ...environment });
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  const told: string[] = [];
  const { settings, mcpServers } = loaded.config;
  const parts: Dependencies = {
    client: { name: "inference-gateway", version: "test" },
    fetch,
    timers: TIMERS,
    memory: createTestBudget(),
    onStatus: ({ name, status }, problem) => told.push(`${name}: ${status}${problem ? `: ${problem.message}` : ""}`),
    ...dependencies,
  };
  const box = openToolRegistry(toolsOptions(settings, mcpServers), {
    ...parts,
    connections: createSharedConnections(parts),
  });
  box.start();
  const waiting = async (condition: () => boolean, ended: { value: boolean }): Promise<void> => {
    while (!condition() && !ended.value) await Bun.sleep(5);
  };
  return {
    ...box,
    told,
    names: () => box.offer(NONE).tools.map(({ name }) => name),
    run: (name, args, signal = new AbortController().signal) => box.offer(NONE).execute(name, args, signal),
    async until(condition, what, milliseconds = 3000) {
      const ended = { value: false };
      try {
        await within(waiting(condition, ended), milliseconds, `${what}; told: ${told.join(", ")}`);
      } finally {
        ended.value = true;
      }
    },
    [Symbol.asyncDispose]: () => box.close(),
  };
}
