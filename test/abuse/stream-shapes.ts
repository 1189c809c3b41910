import { dataEvent } from "../fixtures/answers.ts";
import { numbered, repeated } from "./abuse-case.ts";

const DELTA = dataEvent({ choices: [{ index: 0, delta: { content: " token" }, finish_reason: null }] });
const LONG = '{"choices":[{"index":0,"delta":{"content":"';
const LONG_END = '"},"finish_reason":null}]}';
const USAGE = dataEvent({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } });
const TEXT_DELTA = dataEvent(
  { type: "content_block_delta", delta: { type: "text_delta", text: "hi" } },
  "content_block_delta",
);

const join = (before: string, item: string, after: string) => (bytes: number) =>
  Buffer.concat([Buffer.from(before), repeated(item, bytes), Buffer.from(after)]);

/** Streams of events that are odd in one way; whether they are whole is another matter. */
export const STREAM_SHAPES: readonly (readonly [name: string, body: (bytes: number) => Uint8Array])[] = [
  ["many events", join("", DELTA, "data: [DONE]\n\n")],
  ["many named events", join("", TEXT_DELTA, "event: message_stop\ndata: {}\n\n")],
  ["many events without content", join("", "data: {}\n\n", "data: [DONE]\n\n")],
  ["many events of one letter", join(DELTA, "data:x\n\n", "data: [DONE]\n\n")],
  ["many usages", join(DELTA, USAGE, "data: [DONE]\n\n")],
  ["many ends", join(DELTA, "data: [DONE]\n\n", "")],
  ["a long event", join(`${DELTA}data: ${LONG}`, "lorem ipsum ", `${LONG_END}\n\ndata: [DONE]\n\n`)],
  ["a long event at the beginning", join(`data: ${LONG}`, "lorem ipsum ", `${LONG_END}\n\ndata: [DONE]\n\n`)],
  ["an event that nothing ends", join(`${DELTA}data: ${LONG}`, "lorem ipsum ", "")],
  ["an event of many lines", join(`${DELTA}data: [`, "\ndata: 0,", "\ndata: 0]\n\ndata: [DONE]\n\n")],
  ["an event of many names", join(DELTA, "event: name\n", "data: {}\n\ndata: [DONE]\n\n")],
  ["an event of many unknown fields", join(DELTA, "x\n", "data: {}\n\ndata: [DONE]\n\n")],
  ["many comments", join(DELTA, ": ping\n\n", "data: [DONE]\n\n")],
  ["many comments without text", join(DELTA, ":\n", "\ndata: [DONE]\n\n")],
  ["a long comment", join(`${DELTA}:`, "lorem ipsum ", "\n\ndata: [DONE]\n\n")],
  ["many empty lines", join(DELTA, "\n", "data: [DONE]\n\n")],
  ["many returns", join(DELTA, "\r", "\ndata: [DONE]\n\n")],
  ["lines that end with returns", join(DELTA.replaceAll("\n", "\r"), "data: {}\r\r", "data: [DONE]\r\r")],
  ["lines that end with both", join(DELTA.replaceAll("\n", "\r\n"), "data: {}\r\n\r\n", "data: [DONE]\r\n\r\n")],
  ["no line at all", join("", "lorem ipsum ", "")],
  ["deep events", (bytes) => Buffer.from(`${DELTA}data: ${'{"usage":'.repeat(bytes / 9)}\n\ndata: [DONE]\n\n`)],
  ["events of many keys", join(`${DELTA}data: {`, '"usage":0,', `"choices":[]}\n\ndata: [DONE]\n\n`)],
  ["many choices", (bytes) => Buffer.from(`data: {"choices":[${numbered(bytes / 60, choice)}]}\n\ndata: [DONE]\n\n`)],
];

function choice(index: number): string {
  return `{"index":${index},"delta":{"content":"a"},"finish_reason":null}`;
}
