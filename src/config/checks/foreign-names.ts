import { PROVIDER_TABLE } from "../../providers/table.ts";
import { readVariable, type Environment } from "../environment.ts";
import { providerVariables, variableNames } from "../providers/provider-variables.ts";

/** A variable of another tool that means the same as one of the gateway's. */
interface ForeignName {
  readonly name: string;
  readonly means: string;
  /** What would be written in the gateway's own. */
  readonly translate?: (value: string) => string;
}

/** The names that the providers' own tools and common clients have for what the gateway calls otherwise. */
const NAMES: readonly ForeignName[] = [
  // Platforms say so on which port they expect a program.
  { name: "PORT", means: "SERVER_PORT" },
  { name: "GEMINI_API_KEY", means: "GOOGLE_API_KEY" },
  { name: "GOOGLE_GENERATIVE_AI_API_KEY", means: "GOOGLE_API_KEY" },
  { name: "CLAUDE_API_KEY", means: "ANTHROPIC_API_KEY" },
  { name: "CO_API_KEY", means: "COHERE_API_KEY" },
  { name: "KIMI_API_KEY", means: "MOONSHOT_API_KEY" },
  { name: "Z_AI_API_KEY", means: "ZAI_API_KEY" },
  { name: "NVIDIA_NIM_API_KEY", means: "NVIDIA_API_KEY" },
  { name: "AWS_BEARER_TOKEN_BEDROCK", means: "BEDROCK_API_KEY" },
  { name: "OLLAMA_HOST", means: "OLLAMA_API_URL", translate: ollamaUrl },
  { name: "GROK_API_KEY", means: "XAI_API_KEY" },
  { name: "DASHSCOPE_API_KEY", means: "ALIBABA_API_KEY" },
  { name: "ARK_API_KEY", means: "VOLCENGINE_API_KEY" },
  { name: "FIREWORKS_AI_API_KEY", means: "FIREWORKS_API_KEY" },
  { name: "TOGETHERAI_API_KEY", means: "TOGETHER_API_KEY" },
  { name: "AZURE_OPENAI_API_KEY", means: "AZURE_API_KEY" },
  { name: "AZURE_OPENAI_ENDPOINT", means: "AZURE_API_URL" },
  { name: "OPENAI_API_VERSION", means: "AZURE_API_VERSION" },
];

/** Values that variables of the gateway's own have in some places, where something else is meant by them. */
const MEANT_OTHERWISE: readonly { readonly name: string; readonly value: RegExp; readonly is: string }[] = [
  // https://docs.github.com/en/actions/reference/workflows-and-actions/variables
  {
    name: "GITHUB_API_URL",
    value: /^https?:\/\/(?:api\.github\.com|[^/]+\/api\/v3)\/?$/i,
    is: "the address of GitHub's REST API",
  },
];

/** What a base URL is called elsewhere, after a provider's id. */
const URL_NAMES = ["_BASE_URL", "_API_BASE"] as const;

/** `0.0.0.0:11434`, `gpu-box` or a URL, as Ollama reads it. https://docs.ollama.com/faq */
function ollamaUrl(value: string): string {
  const withScheme = /^https?:\/\//i.test(value) ? value : `http://${value}`;
  const hasPort = /^\w+:\/\/[^/]*:\d+/.test(withScheme);
  const url = withScheme.replace(/^(\w+:\/\/)(?:0\.0\.0\.0|\[::\])?([^/]*)/, (_, scheme: string, host: string) => {
    const named = host.replace(/:\d+$/, "") === "" ? `127.0.0.1${host}` : host;
    return scheme + named + (hasPort || scheme === "https://" ? "" : ":11434");
  });
  return `${url.replace(/\/+$/, "").replace(/\/v1$/, "")}/v1`;
}

/** Anthropic's clients write its base URL without the version. */
const anthropicUrl = (value: string): string => {
  const url = value.replace(/\/+$/, "");
  return /\/v\d+$/.test(url) ? url : `${url}/v1`;
};

/** All of them, for the providers that there are. */
export function foreignNames(customIds: readonly string[]): readonly ForeignName[] {
  const ids = new Set([...Object.keys(PROVIDER_TABLE), ...customIds]);
  const urls = [...ids].flatMap((id) => {
    const { url: means } = providerVariables(id);
    const stem = means.slice(0, -"_API_URL".length);
    return URL_NAMES.map((end): ForeignName => {
      return { name: stem + end, means, ...(id === "anthropic" && { translate: anthropicUrl }) };
    });
  });
  const own = new Set(customIds.flatMap(variableNames));
  return [...NAMES.filter(({ name }) => !own.has(name)), ...urls];
}

/** Whether a URL is the gateway's own address: its clients have it in the same variables. */
function isOwnAddress(environment: Environment, value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { hostname, port, protocol } = new URL(value);
  const own = readVariable(environment, "SERVER_PORT") ?? "8080";
  const isHere = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0)$/.test(hostname);
  return isHere && (port || (protocol === "https:" ? "443" : "80")) === own;
}

/** Takes out what is set for something else, with a line for each that could have been meant. */
function ignoreOthers(environment: Record<string, string | undefined>, customIds: readonly string[]): string[] {
  return MEANT_OTHERWISE.flatMap(({ name, value, is }) => {
    const id = name.slice(0, -"_API_URL".length).toLowerCase();
    if (!value.test(readVariable(environment, name) ?? "")) return [];
    environment[name] = undefined;
    const isUsed = customIds.includes(id) || readVariable(environment, providerVariables(id).key) !== undefined;
    return isUsed ? [`${name} is ignored, because it is ${is}`] : [];
  });
}

/**
 * Puts what is set under other tools' names under the gateway's own, which win if both are set.
 * @param customIds the ids of custom providers, in lower case
 * @returns the environment with them, and a line for each that was found
 */
export function readForeignNames(
  given: Environment,
  customIds: readonly string[],
): { readonly environment: Environment; readonly warnings: readonly string[] } {
  const environment: Record<string, string | undefined> = { ...given };
  const warnings = ignoreOthers(environment, customIds);
  /** Under which name what is now there was set. */
  const sources = new Map<string, string>();
  for (const { name, means, translate = (value: string) => value } of foreignNames(customIds)) {
    const value = readVariable(given, name);
    if (value === undefined) continue;
    const translated = translate(value);
    const winner = sources.get(means) ?? (readVariable(environment, means) === undefined ? undefined : means);
    if (winner !== undefined) warnings.push(`${name} is ignored, because ${winner} is set too`);
    else if (means.endsWith("_API_URL") && isOwnAddress(environment, translated)) {
      warnings.push(`${name} is ignored, because it is the address of this gateway`);
    } else {
      environment[means] = translated;
      sources.set(means, name);
      warnings.push(`${name} is read as ${means}`);
    }
  }
  return { environment, warnings };
}
