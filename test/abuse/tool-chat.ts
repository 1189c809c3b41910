import { call, completion } from "../tools/loop/loop-rig.ts";
import type { Script } from "../fixtures/script.ts";
import { postJson } from "./abuse-case.ts";
import { CHAT_PATH, COMPLETION } from "./measured-gateway.ts";

/** A chat, whole and as a stream, of a client that knows nothing of tools. */
export const CHAT = postJson(CHAT_PATH, '{"model":"openai/m","messages":[{"role":"user","content":"hi"}]}');
export const STREAM = postJson(
  CHAT_PATH,
  '{"model":"openai/m","stream":true,"messages":[{"role":"user","content":"hi"}]}',
);
/** The only tool, as a model knows it. */
export const ECHO = "mcp_echo";
/** What a model says that needs no tool any more. */
export const LAST_WORDS = completion({ content: "done" });

/** Calls tools once, and is content with whatever they say. */
export const once = (script: Script, last: Script = LAST_WORDS) => {
  let isFirst = true;
  return (): Script => {
    const answer = isFirst ? script : last;
    isFirst = false;
    return answer;
  };
};

/** A message that calls the tool so many times. */
export const calls = (count: number, args: string): object => ({
  role: "assistant",
  content: null,
  tool_calls: Array.from({ length: count }, (_, index) => call(`c${index}`, ECHO, args)),
});

/** The JSON of an answer with such a message. */
export const inJson = (message: object): Buffer =>
  Buffer.from(JSON.stringify({ ...COMPLETION, choices: [{ index: 0, message, finish_reason: "tool_calls" }] }));

/** Arrays in arrays, of so many bytes. */
export const nested = (bytes: number): string => `${"[".repeat(bytes / 2)}${"]".repeat(bytes / 2)}`;
