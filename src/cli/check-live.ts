import * as options from "../config/module-options.ts";
import type { Config } from "../config/load-config.ts";
import { providerVariables } from "../config/providers/provider-variables.ts";
import { fetchIssuerKeys } from "../auth/fetch-issuer-keys.ts";
import { createDeadlines } from "../core/deadlines.ts";
import { Failure } from "../core/errors.ts";
import { createCredentials } from "../providers/credentials/credentials.ts";
import type { Provider } from "../providers/provider.ts";
import { openRouting } from "../routing/open-routing.ts";
import type { ModelLists } from "../routing/model-lists/model-lists.ts";
import { openConnections } from "../upstream/open-upstream.ts";

/** What `--check=live` found. */
export interface LiveCheck {
  /** One line for everybody who was asked. */
  readonly lines: readonly string[];
  /** Whether everybody who is configured answered as they should. */
  readonly isGood: boolean;
}

interface Finding {
  readonly line: string;
  readonly isGood: boolean;
}

/**
 * Asks each provider for its list of models and each issuer for its keys, side by side, with the connections, keys and
 * deadlines that the gateway would use. No model is called, so that it costs nothing.
 */
export async function checkLive(config: Config): Promise<LiveCheck> {
  const { settings, providers } = config;
  const timers = {
    now: () => performance.now(),
    setTimer: (callback: () => void, delayMs: number) => setTimeout(callback, delayMs),
    clearTimer: (timer: unknown) => clearTimeout(timer as Timer),
  };
  const deadlines = createDeadlines(timers);
  const credentials = createCredentials({ clock: Date.now, timers, onChange() {} });
  const connections = openConnections({ deadlines, now: timers.now, credentials });
  const upstream = connections.configure(options.upstreamOptions(settings, providers));
  const listsOf = (providers: readonly Provider[]): ModelLists => {
    const { openCall } = upstream;
    const silent = { onRead() {}, onFailure() {}, onRecovered() {}, onGivenUp() {} };
    return openRouting(options.routingOptions(settings), { ...silent, providers, openCall, timers, clock: Date.now })
      .modelLists;
  };
  const modelLists = listsOf(providers);
  const issuers = settings.AUTH_ENABLED ? options.authenticationOptions(settings).issuers : [];
  const asked = providers.filter(({ configured, probed }) => configured || probed === true);
  const findings = await Promise.all([
    ...asked.flatMap((provider) => {
      const [, ...further] = config.keyedProviders.get(provider.id) ?? [];
      // Lists are kept by the provider's address, which all of its keys have in common.
      const others = further.map((other, index) => askProvider(other, listsOf([other]), `${other.id}#${index + 2}`));
      return [askProvider(provider, modelLists, provider.id), ...others];
    }),
    ...issuers.map((issuer) =>
      fetchIssuerKeys(issuer, upstream.fetch).then(
        ({ keySet }) => good(`issuer: ${issuer.issuer} has ${count(keySet.keys.length, "key")}`),
        (error: unknown) => bad(`issuer: ${issuer.issuer}: ${error instanceof Error ? error.message : String(error)}`),
      ),
    ),
  ]);
  upstream.release();
  connections.close();
  return { lines: findings.map(({ line }) => line), isGood: findings.every(({ isGood }) => isGood) };
}

/** @param label its id, with the number of its key behind it if that is not the first */
async function askProvider(provider: Provider, modelLists: ModelLists, label: string): Promise<Finding> {
  const { configured } = provider;
  try {
    const { models } = await modelLists.ofProvider(provider);
    return good(`provider: ${label} lists ${count(models.size, "model")}`);
  } catch (error) {
    // A local server that nobody configured is asked in case it runs.
    return configured
      ? bad(`provider: ${label} failed: ${reasonOf(error)}${adviceOn(error, provider)}`)
      : good(`provider: ${label} does not run here`);
  }
}

/** The failure, and its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Failure)) return String(error);
  const { cause } = error.details;
  if (cause === undefined) return error.message;
  return cause instanceof Failure ? `${error.message}: ${reasonOf(cause)}` : `${error.message} (${String(cause)})`;
}

/** What to look at if the provider refuses the credential. */
function adviceOn(error: unknown, { id, key, credential }: Provider): string {
  if (credential || !/\(status 40[13]\)$/.test(reasonOf(error))) return "";
  const variable = providerVariables(id).key;
  return key === undefined ? `: it may need ${variable}` : `: is ${variable} right?`;
}

const good = (line: string): Finding => ({ line, isGood: true });
const bad = (line: string): Finding => ({ line, isGood: false });

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
