import { describe, expect, test } from "bun:test";
import { OPENAI_CLIENTS, readsOnlyOpenAiErrors } from "../../src/formats/openai-clients.ts";

const readsOnly = (headers: Record<string, string>): boolean => readsOnlyOpenAiErrors(new Headers(headers));

/** User agents as their clients send them. */
const AGENTS = [
  "OpenAI/Python 1.109.1",
  "AsyncOpenAI/Python 2.8.0",
  "OpenAI/JS 7.57.0",
  "AzureOpenAI/JS 5.1.0",
  "AsyncAzureOpenAI/Python 1.99.0",
  "OpenAI::Client/Ruby 0.34.1",
  "openai-php/0.16.0",
  "azsdk-net-AI.OpenAI/2.1.0 (.NET 8.0.11; Ubuntu 24.04)",
  "ai/5.0.60 ai-sdk/provider-utils/3.0.10 runtime/node.js/22",
  "ai/7.0.173 ai-sdk-provider-utils/5.0.81 bun/1.4.5",
  "opencode/1.18.18 ai-sdk/provider-utils/4.0.23 runtime/bun/1.3.14",
  "codex_cli_rs/0.153.4 (Ubuntu 24.4.0; x86_64) xterm-256color",
  "codex_exec/0.98.0 (Mac OS 15.1; arm64)",
  "codex_vscode/0.98.0",
  "codex-tui/0.98.0",
  "langchainjs-openai/1.0.0 ((node/v22.18.0; linux; x64))",
  "langchain4j-openai",
  "litellm/1.80.0",
  "pydantic-ai/1.22.0",
  "Agents/Python 0.6.1",
  "Semantic-Kernel",
];

/** Clients that read `error` as a text, or show the body. */
const OTHERS = [
  "",
  "curl/8.5.0",
  "python-requests/2.32.3",
  "python-httpx/0.28.1",
  "Go-http-client/2.0",
  "node",
  "Bun/1.4.5",
  "axios/1.7.9",
  "inference-gateway-sdk/0.23.1",
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
  "my-openai/1.0",
  "claude-cli/2.0.14 (external, cli)",
];

describe("a client that reads only OpenAI's envelope is known", () => {
  test("by the header that official clients send, whatever they call themselves", () => {
    expect(readsOnly({ "X-Stainless-Lang": "python", "user-agent": "mine/1.0" })).toBe(true);
  });

  test.each(AGENTS)("by its user agent: %s", (agent) => {
    expect(readsOnly({ "user-agent": agent })).toBe(true);
    expect(readsOnly({ "user-agent": `first/1 (x; ${agent})` })).toBe(true);
  });

  test.each(OTHERS)("and %j is none", (agent) => {
    expect(readsOnly(agent === "" ? {} : { "user-agent": agent })).toBe(false);
  });
});

test("every row of the table has a user agent here, and a source", () => {
  for (const { product, source } of OPENAI_CLIENTS) {
    const isShown = AGENTS.some((agent) =>
      agent
        .toLowerCase()
        .split(/[\s(]/)
        .some((token) => token.startsWith(product)),
    );
    expect([product, isShown, source.startsWith("https://")]).toEqual([product, true, true]);
  }
});
