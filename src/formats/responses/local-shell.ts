import { parseJson, type JsonObject } from "../../core/json/parse.ts";
import type { Tool } from "../form/conversation.ts";
import { listOf, objectOf, textOf, withoutUndefined } from "../../core/json/values.ts";

/** The name of the function that stands for the tool on other wires. */
export const LOCAL_SHELL = "local_shell";

/** OpenAI's `local_shell` as a function: https://platform.openai.com/docs/guides/tools-local-shell */
export const LOCAL_SHELL_TOOL: Tool = {
  kind: "function",
  name: LOCAL_SHELL,
  description: "Runs a command on the user's machine and returns its output.",
  parameters: {
    type: "object",
    properties: {
      command: {
        type: "array",
        items: { type: "string" },
        description: 'The program and its arguments, for example ["bash", "-lc", "ls"].',
      },
      working_directory: { type: "string", description: "Where the command runs." },
      timeout_ms: { type: "number", description: "How long it may run, in milliseconds." },
    },
    required: ["command"],
    additionalProperties: false,
  },
  strict: undefined,
  cache: undefined,
  native: { kind: "local_shell" },
};

/** The action of a `local_shell_call` as the arguments of the function. */
export function readShellAction(action: unknown): string {
  const { type: _, ...members } = objectOf(action) ?? {};
  return JSON.stringify(members);
}

/** The arguments of the function as an action. A command that is one text is given to a shell. */
export function writeShellAction(input: string): JsonObject {
  const members = objectOf(parseJson(input)) ?? {};
  const { command } = members;
  return {
    ...withoutUndefined(members),
    type: "exec",
    command: textOf(command) === undefined ? listOf(command).map(String) : ["bash", "-lc", command],
    env: objectOf(members["env"]) ?? {},
  };
}
