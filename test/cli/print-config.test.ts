import { expect, test } from "bun:test";
import type { Environment } from "../../src/config/environment.ts";
import { loadConfig } from "../fixtures/load-config.ts";
import { printConfig } from "../../src/cli/print-config.ts";
import { SETTING_ROWS } from "../../src/config/settings-table.ts";
import { PROVIDER_TABLE } from "../../src/providers/table.ts";

function printed(environment: Environment): string[] {
  const loaded = loadConfig(environment);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return printConfig(loaded.config).trimEnd().split("\n");
}

test("never shows a key", () => {
  const secret = "sk-very-secret-0123456789";
  const keys = Object.keys(PROVIDER_TABLE).map((id) => [`${id.toUpperCase()}_API_KEY`, secret]);
  const lines = printed({
    ...Object.fromEntries(keys),
    CUSTOM_PROVIDERS: "tgi",
    TGI_API_URL: "http://host",
    TGI_API_KEY: "short",
  });
  expect(lines).toContain("OPENAI_API_KEY=***6789");
  expect(lines).toContain("TGI_API_KEY=***");
  expect(lines.join("\n")).not.toMatch(/very-secret|short/);
});

test("lists settings in table order, then the URL of every provider that is in effect in theirs", () => {
  const namesOf = (lines: string[]): string[] => lines.map((line) => line.slice(0, line.indexOf("=")));
  const settings = SETTING_ROWS.map(([name]) => name as string);
  expect(namesOf(printed({}))).toEqual([...settings, "OLLAMA_API_URL", "LLAMACPP_API_URL", "VLLM_API_URL"]);
  const ids = Object.keys(PROVIDER_TABLE).map((id) => id.toUpperCase());
  const all = printed(Object.fromEntries(ids.map((id) => [`${id}_API_URL`, "http://a"])));
  expect(namesOf(all)).toEqual([...settings, ...ids.map((id) => `${id}_API_URL`)]);
});

test("shows what touches a provider that is not configured", () => {
  const shown = printed({
    GROQ_HTTP2: "yes",
    XAI_RELAY_HEADERS: "x-a",
    MISTRAL_APIS: "chat",
    CLOUDFLARE_ACCOUNT_ID: "acc",
  });
  expect(shown.filter((line) => /^(?:GROQ|XAI|MISTRAL|CLOUDFLARE)/.test(line))).toEqual([
    "GROQ_API_URL=https://api.groq.com/openai/v1",
    "GROQ_HTTP2=true",
    "CLOUDFLARE_API_URL=https://api.cloudflare.com/client/v4/accounts/acc/ai",
    "CLOUDFLARE_ACCOUNT_ID=acc",
    "MISTRAL_API_URL=https://api.mistral.ai/v1",
    "MISTRAL_APIS=chat",
    "XAI_API_URL=https://api.x.ai/v1",
    "XAI_RELAY_HEADERS=x-a",
    "CLOUDFLARE_GATEWAY_API_URL=https://gateway.ai.cloudflare.com/v1/acc/{GATEWAY_ID}/compat",
    "CLOUDFLARE_ACCOUNT_ID=acc",
  ]);
});

test("shows a custom provider with the id of a built-in one as a custom one, and azure with its version", () => {
  const environment = {
    CUSTOM_PROVIDERS: "xai",
    XAI_API_URL: "https://lab.internal/v1",
    AZURE_RESOURCE: "mine",
    AZURE_API_VERSION: "2024-10-21",
    AZURE_API_KEY: "k",
  };
  const lines = printed(environment).filter((line) => /^(?:AZURE|XAI)/.test(line));
  expect(lines).toEqual([
    "AZURE_API_URL=https://mine.openai.azure.com/openai",
    "AZURE_API_KEY=***",
    "AZURE_RESOURCE=mine",
    "AZURE_API_VERSION=2024-10-21",
    "XAI_API_URL=https://lab.internal/v1",
    "XAI_AUTH_TYPE=none",
  ]);
});

test("prints the effective values as an operator would write them", () => {
  const lines = printed({
    SERVER_IDLE_TIMEOUT: "90",
    SERVER_MAX_REQUEST_BODY_SIZE: "10MiB",
    ALLOWED_MODELS: "a, b",
    CUSTOM_PROVIDERS: "my-tgi",
    MY_TGI_API_URL: "unix:/run/tgi.sock",
    MY_TGI_API_KEY: "key",
    MY_TGI_AUTH_TYPE: "X-Header",
    CLOUDFLARE_ACCOUNT_ID: "acc",
  });
  expect(lines).toContain("SERVER_IDLE_TIMEOUT=1m30s");
  expect(lines).toContain("SERVER_MAX_REQUEST_BODY_SIZE=10485760");
  expect(lines).toContain("SERVER_UNIX_SOCKET=");
  expect(lines).toContain("ALLOWED_MODELS=a,b");
  expect(lines).toContain("CLOUDFLARE_API_URL=https://api.cloudflare.com/client/v4/accounts/acc/ai");
  expect(lines.slice(-3)).toEqual([
    "MY_TGI_API_URL=unix:/run/tgi.sock:/v1",
    "MY_TGI_API_KEY=***",
    "MY_TGI_AUTH_TYPE=x-header",
  ]);
});

test("shows what goes with requests by name only", () => {
  const hidden = "hidden-value-0123456789";
  const lines = printed({
    OPENAI_API_URL: `https://host/v1?key=${hidden}&api-version=1`,
    OPENAI_QUERY: `b=${hidden}`,
    OPENAI_HEADERS: `X-Tenant: ${hidden}, X-Other: ${hidden}`,
    CUSTOM_PROVIDERS: "azure",
    AZURE_API_URL: "https://host/openai/v1",
    AZURE_API_KEY: hidden,
    AZURE_AUTH_HEADER: "Api-Key",
    AZURE_APIS: "chat, messages=/anthropic/v1/messages x-api-key",
    AZURE_ROOT_PATHS: "openai/deployments",
    AZURE_ENCODED_SLASHES: "false",
  });
  expect(lines.filter((line) => /^(?:OPENAI|AZURE)_/.test(line))).toEqual([
    "OPENAI_API_URL=https://host/v1",
    "OPENAI_HEADERS=x-tenant: ***, x-other: ***",
    "OPENAI_QUERY=key=***&api-version=***&b=***",
    "AZURE_API_URL=https://host/openai/v1",
    "AZURE_API_KEY=***6789",
    "AZURE_AUTH_HEADER=Api-Key",
    "AZURE_APIS=chat, messages=/anthropic/v1/messages x-api-key",
    "AZURE_ENCODED_SLASHES=false",
    "AZURE_ROOT_PATHS=openai/deployments",
    "AZURE_AUTH_TYPE=x-header",
  ]);
  expect(lines.join("\n")).not.toContain("hidden");
});

test("names the providers that are called over HTTP/2", () => {
  expect(printed({ GROQ_HTTP2: "yes", OPENAI_HTTP2: "no" }).filter((line) => line.includes("HTTP2"))).toEqual([
    "GROQ_HTTP2=true",
  ]);
});

test("shows the placeholder of a URL that still lacks its account", () => {
  expect(printed({ CLOUDFLARE_API_KEY: "k" })).toContain(`CLOUDFLARE_API_URL=${PROVIDER_TABLE.cloudflare.url}`);
  expect(printed({ AZURE_API_KEY: "k" })).toContain(`AZURE_API_URL=${PROVIDER_TABLE.azure.url}`);
});

test("prints lines that give the same settings when read again", () => {
  const environment = { SERVER_PORT: "9", CLIENT_TIMEOUT: "1500ms", CUSTOM_PROVIDERS: "tgi", TGI_API_URL: "unix:/a:/" };
  const lines = printed(environment);
  const again = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  expect(printed(again)).toEqual(lines);
});
