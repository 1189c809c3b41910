import type { JsonObject } from "../../core/json/parse.ts";
import { cutText, asError, resultText } from "./tool-result.ts";
import { writeFoundTools } from "./tool-search.ts";
import type { ServerStatus } from "./connection-state.ts";
import type { ServerConnection } from "./server-connection.ts";
import type { CallHeaders } from "./session-requests.ts";
import { McpError } from "./errors.ts";
import { readArguments } from "./tool-arguments.ts";
import { redactResult } from "./redact-result.ts";
import { listTools, SELECTOR_NAMES, type ToolDescription, type ToolList } from "./tool-list.ts";
import { defineSelector, defineTools, type ToolDefinition } from "./tool-definitions.ts";
import { type ToolFilter, chooseName } from "./tool-names.ts";

export type ToolMode = "selector" | "direct";

/** The tools of all connected servers as they are now. */
export interface ToolRegistry {
  /** Whether there is any tool at all; costs almost nothing. */
  available(): boolean;
  /**
   * What one request is offered. Its names stay valid for as long as the request lasts, whatever servers do meanwhile.
   */
  offer(reserved: ReadonlySet<string>): ToolSet;
  /** The state of each server, in the operator's order. */
  servers(): readonly ServerState[];
}

/** The tools for one request. */
export interface ToolSet {
  /** Every tool, whatever the mode. */
  readonly tools: readonly ToolDescription[];
  /**
   * What is added to the request's `tools`, by `MCP_TOOL_MODE` or the given mode; empty if there is no tool. The same
   * each time.
   * @param provider the id of the provider that is asked, by which schemas may be reduced
   */
  definitions(provider?: string, mode?: ToolMode): readonly ToolDefinition[];
  /** Whether the gateway runs calls of this name: a tool's, or one of the two functions of the selector. */
  owns(name: string): boolean;
  /**
   * Runs one call to its end and resolves with the text of the tool message; of a failure too, which begins with
   * `Error: `. Rejects only with the signal's reason, and only once the signal is aborted.
   * @param name the tool's, or what else can only mean that tool
   * @param args an object, or its JSON text as the model wrote it
   * @param onTool called with the name of the tool that is run, before it is; not if there is none
   */
  execute(name: string, args: unknown, signal: AbortSignal, onTool?: OnTool): Promise<string>;
}

/** Told which tool a call means. @returns further headers for its server */
export type OnTool = (name: string) => CallHeaders | undefined;

export interface ServerState {
  readonly name: string;
  readonly status: ServerStatus;
  /** How many tools it offers now. */
  readonly tools: number;
}

export interface ToolRegistryParts {
  readonly connections: readonly ServerConnection[];
  readonly isAllowed: ToolFilter;
  readonly mode: ToolMode;
  /** Ids of the providers that get reduced schemas. */
  readonly reducesFor: ReadonlySet<string>;
  /** Longest text of a tool message, in bytes of UTF-8. */
  readonly maxResultBytes: number;
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** @returns the tool registry, and what to call when a connection has changed. */
export function createToolRegistry(parts: ToolRegistryParts): ToolRegistry & { readonly refresh: () => void } {
  const { connections, isAllowed } = parts;
  let unreserved: ToolList | undefined;
  const listUnreserved = () => (unreserved ??= listTools(connections, isAllowed, NO_NAMES));
  /** The offer to all requests that bring no tools of their own whose names could clash. */
  let usualOffer: ToolSet | undefined;

  return {
    available: () => listUnreserved().tools.size > 0,
    offer(reserved) {
      const clashes = reserved.size > 0 && [...reserved].some((name) => name.startsWith("mcp_"));
      if (clashes) return createOffer(listTools(connections, isAllowed, reserved), reserved, parts);
      return (usualOffer ??= createOffer(listUnreserved(), NO_NAMES, parts));
    },
    servers: () =>
      connections.map((connection) => ({
        name: connection.server.name,
        status: connection.status(),
        tools: [...listUnreserved().tools.values()].filter((tool) => tool.connection === connection).length,
      })),
    refresh() {
      unreserved = undefined;
      usualOffer = undefined;
    },
  };
}

function createOffer(
  listed: ToolList,
  reserved: ReadonlySet<string>,
  { mode: usualMode, reducesFor, maxResultBytes }: ToolRegistryParts,
): ToolSet {
  const tools = [...listed.tools.values()].map(({ description }) => description);
  const selectorName = (usual: string): string =>
    reserved.has(usual)
      ? chooseName(
          { server: "gateway", tool: usual.slice("mcp_".length) },
          (name) => reserved.has(name) || listed.tools.has(name),
        )
      : usual;
  const selector = { get: selectorName(SELECTOR_NAMES.get), execute: selectorName(SELECTOR_NAMES.execute) };

  const refuse = (problem: string): string => cutText(asError(problem), maxResultBytes);

  const runTool = async (name: string, args: unknown, signal: AbortSignal, onTool?: OnTool): Promise<string> => {
    const [meant = name, ...others] = listed.named(name);
    if (others.length > 0) return refuse(`${JSON.stringify(name)} may be ${[meant, ...others].join(" or ")}`);
    const tool = listed.tools.get(meant);
    if (!tool) return refuse(`there is no tool ${JSON.stringify(name)}`);
    const headers = onTool?.(meant);
    const read = await readArguments(args);
    if ("problem" in read) return refuse(read.problem);
    const { connection, remote } = tool;
    const { server } = connection;
    const say = (text: string): Promise<string> => redactResult(connection.secrets(), text, maxResultBytes);
    try {
      return await say(await resultText(await connection.call(remote, read.value, signal, headers)));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof McpError)) return refuse("the tool could not be run");
      return say(asError(error.serverMessage ?? `the MCP server ${server.name} ${error.message}`));
    }
  };

  const lookUp = async (given: JsonObject): Promise<string> => {
    const query = typeof given["query"] === "string" ? given["query"] : "";
    // Models that mean one name do not always write a list.
    const names = [given["names"] ?? []].flat().filter((name) => typeof name === "string");
    const found = await writeFoundTools(tools, names.flatMap(listed.named), query);
    if (found !== undefined) return cutText(found, maxResultBytes);
    return refuse(`there is no tool ${names.map((name) => JSON.stringify(name)).join(" or ")}`);
  };

  const run = async (name: string, args: unknown, signal: AbortSignal, onTool?: OnTool): Promise<string> => {
    if (name !== selector.get && name !== selector.execute) return runTool(name, args, signal, onTool);
    const given = await readArguments(args);
    if ("problem" in given) return refuse(given.problem);
    if (name === selector.get) return lookUp(given.value);
    const { name: wanted } = given.value;
    if (typeof wanted !== "string") return refuse("name is missing");
    return runTool(wanted, given.value["arguments"], signal, onTool);
  };

  const defined = new Map<string, readonly ToolDefinition[]>();

  return {
    tools,
    definitions(provider = "", mode = usualMode) {
      if (tools.length === 0) return [];
      const reduced = mode === "direct" && reducesFor.has(provider);
      const key = `${mode} ${reduced}`;
      let definitions = defined.get(key);
      if (!definitions) {
        definitions = mode === "direct" ? defineTools(tools, reduced) : defineSelector(selector);
        defined.set(key, definitions);
      }
      return definitions;
    },
    owns: (name) =>
      listed.tools.has(name) || (tools.length > 0 && (name === selector.get || name === selector.execute)),
    async execute(name, args, signal, onTool) {
      signal.throwIfAborted();
      return run(name, args, signal, onTool);
    },
  };
}
