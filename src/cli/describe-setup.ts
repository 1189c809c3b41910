import { urlHost } from "../core/url-host.ts";
import { authenticationOptions } from "../config/module-options.ts";
import type { Config } from "../config/load-config.ts";
import { providerVariables } from "../config/providers/provider-variables.ts";
import { describeCredential } from "../providers/credentials/credential.ts";
import { PROVIDER_TABLE } from "../providers/table.ts";
import type { ProviderRow } from "../providers/provider-row.ts";
import type { Provider } from "../providers/provider.ts";
import { shownUrl } from "./print-config.ts";

/** What `--check` says of good settings: address, authentication and providers, one line each, without any secret. */
export function describeSetup(config: Config, demo: boolean): readonly string[] {
  const configured = config.providers.filter((provider) => provider.configured);
  return [
    `address: ${addressOf(config)}`,
    ...authenticationLines(config),
    ...configured.map((provider) => providerLine(provider, config.keyedProviders.get(provider.id)?.length ?? 1)),
    ...(demo ? ["provider: demo, built in"] : []),
    ...config.models.map(
      ({ name, strategy, deployments }) =>
        `model: ${name}, ${strategy} of ${deployments.map(({ provider, model }) => `${provider}/${model}`).join(", ")}`,
    ),
    ...(configured.length > 0 || demo ? [] : ["provider: none, set a key such as OPENAI_API_KEY"]),
  ];
}

function addressOf({ settings }: Config): string {
  const scheme = settings.SERVER_TLS_CERT_PATH === undefined ? "http" : "https";
  const { SERVER_UNIX_SOCKET: socket, SERVER_HOST: host, SERVER_PORT: port } = settings;
  if (socket !== undefined) return `${scheme} over the unix socket ${socket}`;
  return `${scheme}://${urlHost(host)}:${port === 0 ? "(a free port)" : port}`;
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

function providerLine(provider: Provider, keys: number): string {
  const { key: held, callable, credential, missingVariables = [] } = provider;
  const key = !callable
    ? `needs ${missingVariables.join(" and ")}`
    : held === undefined
      ? credential
        ? `with ${describeCredential(credential.settings)}`
        : "without a key"
      : keys > 1
        ? `with ${keys} keys`
        : "with a key";
  return `provider: ${provider.id} at ${shownUrl(provider)}, ${key}`;
}

/** What configures a provider in a cloud without a key. */
const OF_CLOUDS = {
  aws: "BEDROCK_REGION and AWS credentials",
  google: "VERTEX_PROJECT and Google credentials",
  entra: "an application of Entra ID",
} as const satisfies Record<NonNullable<ProviderRow["credential"]>, string>;

/** What configures the built-in providers, for `--help`: those for which it is the same are in one line. */
export function builtInProviders(): readonly (readonly [by: string, text: string])[] {
  const rows = Object.entries<ProviderRow>(PROVIDER_TABLE);
  const isLocal = (row: ProviderRow): boolean => row.auth === "none" || row.keyOptional === true;
  const idsOf = (isOf: (row: ProviderRow) => boolean): string =>
    rows.flatMap(([id, row]) => (isOf(row) ? [id] : [])).join(", ");
  return [
    ["by <ID>_API_KEY", idsOf((row) => !isLocal(row) && !row.urlParameters && !row.credential)],
    ["by <ID>_API_URL", `${idsOf(isLocal)}; a key only if the server asks for one`],
    ...rows.flatMap(([id, { urlParameters, credential }]): (readonly [string, string])[] => {
      const { key } = providerVariables(id);
      if (urlParameters) return [[id, [key, ...urlParameters.map(({ variable }) => variable)].join(", ")]];
      return credential ? [[id, `${key}, or ${OF_CLOUDS[credential]}`]] : [];
    }),
  ];
}
