import type { ClientHeaders } from "../core/client-request.ts";
/** Clients that find the reason of an error only in OpenAI's envelope, by a product that is in their user agent. */
interface OpenAiClient {
  /** How the product's token begins, in lower case: `codex` is in `codex_cli_rs/0.153.4 (…)`. */
  readonly product: string;
  /** Where the client sets it. */
  readonly source: string;
}

/**
 * Sent by OpenAI's and Anthropic's own clients of every language, which one generator makes, and by all that is built on
 * them. https://github.com/openai/openai-python/blob/main/src/openai/_base_client.py
 */
const GENERATED_CLIENT_HEADER = "x-stainless-lang";

/** A row for each client that sets a user agent of its own. */
export const OPENAI_CLIENTS: readonly OpenAiClient[] = [
  // `OpenAI/Python`, `AsyncOpenAI/JS`, `AzureOpenAI/JS`, `OpenAI::Client/Ruby`, `openai-php`; should they drop the header.
  { product: "openai", source: "https://github.com/openai/openai-node/blob/master/src/client.ts" },
  { product: "asyncopenai", source: "https://github.com/openai/openai-python/blob/main/src/openai/_client.py" },
  { product: "azureopenai", source: "https://github.com/openai/openai-node/blob/master/src/azure.ts" },
  { product: "asyncazureopenai", source: "https://github.com/openai/openai-python/blob/main/src/openai/lib/azure.py" },
  { product: "azsdk-net-ai.openai", source: "https://github.com/Azure/azure-sdk-for-net/tree/main/sdk/openai" },
  // `ai/5.0.60 ai-sdk/provider-utils/3.0.10 runtime/node.js/22`, `ai/7.0.173 ai-sdk-provider-utils/5.0.81`; OpenCode too.
  { product: "ai-sdk", source: "https://github.com/vercel/ai/tree/main/packages/provider-utils/src" },
  // `codex_cli_rs`, `codex_exec`, `codex_vscode`, `codex-tui`.
  { product: "codex", source: "https://github.com/openai/codex/blob/main/codex-rs/login/src/auth/default_client.rs" },
  // `langchainjs-openai`, `langchain4j-openai`, `langchain-openai`.
  { product: "langchain", source: "https://github.com/langchain-ai/langchainjs/tree/main/libs/providers" },
  {
    product: "litellm/",
    source: "https://github.com/BerriAI/litellm/blob/main/litellm/llms/custom_httpx/http_handler.py",
  },
  {
    product: "pydantic-ai/",
    source: "https://github.com/pydantic/pydantic-ai/blob/main/pydantic_ai_slim/pydantic_ai/models/__init__.py",
  },
  // Of OpenAI's Agents SDK: `Agents/Python 0.4.2`, `Agents/JavaScript 0.3.1`.
  { product: "agents/", source: "https://github.com/openai/openai-agents-python/tree/main/src/agents/models" },
  { product: "semantic-kernel", source: "https://github.com/microsoft/semantic-kernel/tree/main/dotnet/src" },
];

/** A user agent is searched this far; those of the table are at the beginning of theirs. */
const MAX_CHARACTERS = 512;

/** Between products. https://www.rfc-editor.org/rfc/rfc9110#section-10.1.5 */
const BETWEEN = /[\s(),;]+/;

/** Whether a client reads errors only in OpenAI's envelope. */
export function readsOnlyOpenAiErrors(headers: ClientHeaders): boolean {
  if (headers.has(GENERATED_CLIENT_HEADER)) return true;
  const agent = headers.get("user-agent")?.slice(0, MAX_CHARACTERS).toLowerCase() ?? "";
  return agent.split(BETWEEN).some((token) => OPENAI_CLIENTS.some(({ product }) => token.startsWith(product)));
}
