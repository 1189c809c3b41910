import { type McpTestServer, startMcpServer } from "../tools/mcp/mcp-server.ts";

/** An MCP server whose results and lists are any JSON text, or none. */
export interface RawToolServer extends AsyncDisposable {
  readonly url: string;
  /** What every call of a tool results in from now on: JSON text. */
  result: string;
  /** Whether answers come as events of a stream. */
  isStream: boolean;
  /** What is listed from now on: JSON text for each cursor. */
  list: (cursor: string | undefined) => string;
  /** Resolves when a list has been asked for that began after this call, and then another: the first is taken in. */
  relisted(): Promise<void>;
}

interface RpcRequest {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly cursor?: string };
}

/** The list of a server with one tool. */
export const ONE_TOOL = '{"tools":[{"name":"echo","inputSchema":{"type":"object"}}]}';

/** Starts one on a free port of 127.0.0.1. */
export async function startRawToolServer(): Promise<RawToolServer> {
  const state = { isStream: false, result: '{"content":[]}', list: (_: string | undefined): string => ONE_TOOL };
  let lists = 0;
  let watching: { from: number; resolve: () => void } | undefined;

  const intercept = async (request: Request): Promise<Response | undefined> => {
    if (request.method !== "POST") return undefined;
    const { id, method, params } = (await request.clone().json()) as RpcRequest;
    if (method === "tools/list" && params?.cursor === undefined) {
      lists += 1;
      if (watching !== undefined && lists >= watching.from + 2) watching.resolve();
    }
    const result =
      method === "tools/list" ? state.list(params?.cursor) : method === "tools/call" ? state.result : undefined;
    if (result === undefined) return undefined;
    const text = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;
    if (!state.isStream) return new Response(text, { headers: { "content-type": "application/json" } });
    return new Response(`event: message\ndata: ${text}\n\n`, { headers: { "content-type": "text/event-stream" } });
  };
  const server: McpTestServer = await startMcpServer({
    // The type of the fixture wants to know at once whether it answers.
    intercept: (request) => intercept(request) as Promise<Response>,
  });

  return {
    url: server.url,
    get result() {
      return state.result;
    },
    set result(result) {
      state.result = result;
    },
    get isStream() {
      return state.isStream;
    },
    set isStream(isStream) {
      state.isStream = isStream;
    },
    get list() {
      return state.list;
    },
    set list(list) {
      state.list = list;
    },
    relisted() {
      const { promise, resolve } = Promise.withResolvers<void>();
      watching = { from: lists, resolve };
      return promise;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The settings of a gateway that offers the tools of such a server, and looks at its list ten times a second. */
export const toolSettings = ({ url }: RawToolServer) => ({
  MCP_ENABLED: "true",
  MCP_EXPOSE: "true",
  MCP_SERVERS: `test=${url}`,
  // Who has a token looks for it in all that the server says.
  MCP_TEST_TOKEN: "mcp-token-0123456789",
  MCP_TOOL_MODE: "direct",
  MCP_POLLING_INTERVAL: "100ms",
  MCP_RECONNECT_INTERVAL: "100ms",
});
