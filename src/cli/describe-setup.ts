import { authenticationOptions } from "../config/module-options.ts";
import type { Config } from "../config/load-config.ts";
import { providerVariables } from "../config/provider-variables.ts";
import { describeCredential } from "../providers/credentials/describe-credential.ts";
import { PROVIDER_TABLE } from "../providers/table.ts";
import type { Provider } from "../providers/provider.ts";
import { shownUrl } from "./print-config.ts";

/** What `--check` says of good settings: address, authentication and providers, one line each, without any secret. */
export function describeSetup(config: Config, demo: boolean): readonly string[] {
  const configured = config.providers.filter((provider) => provider.configured);
  return [
    `address: ${addressOf(config)}`,
    ...authenticationLines(config),
    ...configured.map(providerLine),
    ...(demo ? ["provider: demo, built in"] : []),
    ...(configured.length > 0 || demo ? [] : ["provider: none, set a key such as OPENAI_API_KEY"]),
  ];
}

function addressOf({ settings }: Config): string {
  const scheme = settings.SERVER_TLS_CERT_PATH === undefined ? "http" : "https";
  const { SERVER_UNIX_SOCKET: socket, SERVER_HOST: host, SERVER_PORT: port } = settings;
  if (socket !== undefined) return `${scheme} over the unix socket ${socket}`;
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port === 0 ? "(a free port)" : port}`;
}

function authenticationLines({ settings }: Config): readonly string[] {
  if (!settings.AUTH_ENABLED) return ["authentication: off, whoever reaches the address may use the providers' keys"];
  const { apiKeys, issuers } = authenticationOptions(settings);
  return [
    ...(apiKeys === undefined
      ? []
      : [`authentication: static keys${apiKeys.startsWith("@") ? ` of ${apiKeys.slice(1)}` : ""}`]),
    ...issuers.map(
      ({ issuer, audiences, audienceClaims }) =>
        `authentication: tokens of ${issuer} for ${audiences.join(" or ")} (${audienceClaims.join(" or ")})`,
    ),
  ];
}

function providerLine(provider: Provider): string {
  const variables = providerVariables(provider.id);
  const { credential, missingVariables = [variables.key] } = provider;
  const without = credential ? `with ${describeCredential(credential.settings)}` : "without a key";
  const key =
    provider.key !== undefined ? "with a key" : provider.callable ? without : `needs ${missingVariables.join(" and ")}`;
  return `provider: ${provider.id} at ${shownUrl(provider)}, ${key}`;
}

/** What configures a provider in a cloud. */
const OF_CLOUDS = {
  aws: "BEDROCK_REGION with AWS credentials",
  google: "VERTEX_PROJECT with Google credentials",
} as const;

/** Every built-in provider with the variables that configure it, for `--help`. */
export function builtInProviders(): readonly (readonly [id: string, text: string])[] {
  return Object.entries(PROVIDER_TABLE).map(([id, row]) => {
    const { key, url } = providerVariables(id);
    if (row.auth === "none") return [id, url];
    if ("credential" in row) return [id, `${OF_CLOUDS[row.credential]}, or ${key}`];
    return [id, "keyOptional" in row ? `${url}, and ${key} if it asks for one` : key];
  });
}
