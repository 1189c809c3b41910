import type { McpError } from "./errors.ts";
import type { RemoteTool } from "./session.ts";

export type ServerStatus = "connecting" | "connected" | "disconnected";

/** What is known of a server. */
export interface ConnectionState {
  status(): ServerStatus;
  tools(): readonly RemoteTool[];
  setStatus(changed: ServerStatus, problem?: McpError): void;
  setTools(found: readonly RemoteTool[]): void;
  setToolFaults(found: readonly string[]): void;
  /** The server is not connected to any more, which nobody needs to hear. */
  end(): void;
}

/**
 * Keeps what is known of a server, and reports changes only.
 * @param onChange the status or, while the server is connected, the tools are other ones
 */
export function createConnectionState(
  onChange: (problem: McpError | undefined) => void,
  onToolFaults: (faults: readonly string[]) => void,
): ConnectionState {
  let status: ServerStatus = "connecting";
  let tools: readonly RemoteTool[] = [];
  let toolFaults: readonly string[] = [];
  return {
    status: () => status,
    tools: () => tools,
    setStatus(changed, problem) {
      if (status === changed) return;
      status = changed;
      onChange(problem);
    },
    setTools(found) {
      if (Bun.deepEquals(tools, found)) return;
      tools = found;
      if (status === "connected") onChange(undefined);
    },
    setToolFaults(found) {
      if (Bun.deepEquals(toolFaults, found)) return;
      toolFaults = found;
      if (found.length > 0) onToolFaults(found);
    },
    end() {
      status = "disconnected";
    },
  };
}
