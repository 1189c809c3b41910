import { expect, test } from "bun:test";
import { prettyLine } from "../../src/telemetry/pretty-line.ts";

const pretty = prettyLine(false);

/** What people read of a line, without its time. */
function shown(line: Readonly<Record<string, unknown>>): string {
  const text = pretty(JSON.stringify({ level: "info", time: "2026-11-23T10:45:55.285Z", environment: "lab", ...line }));
  expect(text.endsWith("\n")).toBe(true);
  expect(text.slice(0, -1)).not.toMatch(/\p{Cc}/u);
  return text.replace(/^\[\d\d:\d\d:\d\d\.285\] /, "").trimEnd();
}

const REQUEST = {
  msg: "request",
  request_id: "r1",
  method: "POST",
  route: "/v1/chat/completions",
  status: 200,
  outcome: "answered",
  client_gone: false,
  streaming: false,
  total_ms: 12.34,
};

test.each([
  [{ ...REQUEST }, "INFO: POST /v1/chat/completions 200 12 ms"],
  // Of chosen members only
  [
    { msg: "request", request_id: "r1", status: 200, outcome: "answered" },
    "INFO: request request_id=r1 status=200 outcome=answered",
  ],
  [
    {
      ...REQUEST,
      provider: "openai",
      model: "gpt-4o",
      streaming: true,
      input_tokens: 11,
      output_tokens: 7,
      total_tokens: 18,
    },
    "INFO: POST /v1/chat/completions 200 openai/gpt-4o 12 ms, streamed, 11+7 tokens",
  ],
  [
    { ...REQUEST, provider: "openai", identity: "alice", client_address: "203.0.113.9" },
    "INFO: POST /v1/chat/completions 200 openai 12 ms, alice, 203.0.113.9",
  ],
  [
    {
      ...REQUEST,
      level: "warn",
      status: 502,
      outcome: "failed",
      provider: "openai",
      failure: "upstream_unreachable",
      cause: "ECONNREFUSED",
    },
    "WARN: POST /v1/chat/completions 502 failed openai 12 ms: upstream_unreachable (ECONNREFUSED), request r1",
  ],
  [
    { ...REQUEST, model: "a\n\u001b[31mb", provider: "x", outcome: "client_gone" },
    "INFO: POST /v1/chat/completions 200 client_gone x/a [31mb 12 ms",
  ],
  [
    {
      ...REQUEST,
      level: "error",
      msg: "request failed unexpectedly",
      status: 500,
      outcome: "failed",
      failure: "internal",
      cause: "Error: x\n    at y",
    },
    "ERROR: POST /v1/chat/completions 500 failed 12 ms: internal (Error: x     at y), request r1",
  ],
  [
    { msg: "listening", url: "http://localhost:8080", providers: ["openai"] },
    'INFO: listening url=http://localhost:8080 providers=["openai"]',
  ],
  [{ msg: "try it: curl -d '{\"a\":1}' http://x" }, "INFO: try it: curl -d '{\"a\":1}' http://x"],
  [{ level: "warn", msg: "could not", cause: "a b" }, 'WARN: could not cause="a b"'],
])("%j is one line: %s", (line, text) => {
  expect(shown(line)).toBe(text);
});
