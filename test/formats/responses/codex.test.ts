import { expect, test } from "bun:test";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { ModelAnswer } from "../../../src/formats/form/answer.ts";
import type { ThinkingBlock } from "../../../src/formats/form/blocks.ts";
import type { Turn } from "../../../src/formats/form/conversation.ts";
import { RESPONSES_DIALECT } from "../../../src/formats/responses/dialect.ts";
import { accumulateOfficially, streamOf, writeAll } from "./accumulate.ts";
import { ask } from "./samples.ts";

/** As Codex asks: no store, everything said before in the input, tools of all its kinds. */
const REQUEST: JsonObject = {
  model: "m",
  instructions: "You are Codex.",
  input: [
    { type: "message", role: "developer", content: [{ type: "input_text", text: "<permissions>" }] },
    { type: "message", role: "user", content: [{ type: "input_text", text: "Mend it" }] },
  ],
  tools: [
    { type: "function", name: "exec_command", description: "Runs", strict: false, parameters: { type: "object" } },
    {
      type: "custom",
      name: "apply_patch",
      description: "Patches",
      format: { type: "grammar", syntax: "lark", definition: "x" },
    },
    {
      type: "namespace",
      name: "mcp__files__",
      description: "",
      tools: [{ type: "function", name: "read", strict: false }],
    },
    { type: "local_shell" },
    { type: "web_search", external_web_access: false },
  ],
  tool_choice: "auto",
  parallel_tool_calls: true,
  reasoning: { effort: "medium", summary: "auto" },
  store: false,
  stream: true,
  include: ["reasoning.encrypted_content"],
  prompt_cache_key: "0196",
  text: { verbosity: "low" },
  client_metadata: { a: "b" },
};

const SEAL = { origin: "anthropic/messages", kind: "signature", value: "s" } as const;
const THOUGHT: ThinkingBlock = { type: "thinking", text: "Look first.", seal: SEAL };

test("Codex's request needs nothing that other wires lack", () => {
  const { turns, tools, foreign } = RESPONSES_DIALECT.readRequest(REQUEST);
  expect(foreign).toEqual([
    { path: "client_metadata", isEssential: false },
    { path: "tools[4].type", isEssential: false },
  ]);
  expect(turns.map(({ role }) => role)).toEqual(["system", "developer", "user"]);
  expect(tools.map(({ kind, name }) => [kind, name])).toEqual([
    ["function", "exec_command"],
    ["custom", "apply_patch"],
    ["function", "mcp__files__read"],
    ["function", "local_shell"],
  ]);
});

test("what Codex sends back is what the provider said", () => {
  const said: ModelAnswer = {
    id: "msg_1",
    model: "claude",
    blocks: [
      THOUGHT,
      { type: "text", text: "I patch." },
      { type: "call", id: "toolu_1", name: "apply_patch", input: '{"input":"*** Begin\\n"}', kind: "function" },
      { type: "call", id: "toolu_2", name: "mcp__files__read", input: '{"a":1}', kind: "function" },
      { type: "call", id: "toolu_3", name: "local_shell", input: '{"command":["ls"]}', kind: "function" },
    ],
    stop: { reason: "tool" },
    usage: undefined,
  };
  const response = accumulateOfficially(writeAll(streamOf(said, 4), ask(REQUEST)));
  const output = response["output"] as JsonObject[];
  const results = output.flatMap(({ type, call_id }): JsonObject[] =>
    type === "custom_tool_call" || type === "function_call" || type === "local_shell_call"
      ? [
          {
            type: type === "custom_tool_call" ? "custom_tool_call_output" : "function_call_output",
            call_id,
            output: "ok",
          },
        ]
      : [],
  );
  const input = [...(REQUEST["input"] as JsonObject[]), ...output, ...results];
  const { turns, foreign } = RESPONSES_DIALECT.readRequest({ ...REQUEST, input });
  expect(foreign.filter(({ isEssential }) => isEssential)).toEqual([]);
  expect(turns.slice(3)).toEqual([
    {
      role: "assistant",
      blocks: [
        THOUGHT,
        { type: "text", text: "I patch." },
        { type: "call", id: "toolu_1", name: "apply_patch", input: "*** Begin\n", kind: "custom" },
        { type: "call", id: "toolu_2", name: "mcp__files__read", input: '{"a":1}', kind: "function" },
        { type: "call", id: "toolu_3", name: "local_shell", input: '{"command":["ls"],"env":{}}', kind: "function" },
      ],
    },
    {
      role: "tool",
      blocks: ["custom", "function", "function"].map((kind, index) => ({
        type: "result",
        callId: `toolu_${index + 1}`,
        blocks: [{ type: "text", text: "ok" }],
        isError: false,
        kind,
      })),
    },
  ] as Turn[]);
});
