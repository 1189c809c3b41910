/** What other tools call their keys for, which are often in the same environment and mean nothing to a gateway. */
const OTHER_TOOLS = new Set([
  ...["AGENTOPS", "ALGOLIA", "AMPLITUDE", "APIFY", "ARIZE", "ASSEMBLYAI", "ATLASSIAN", "BRAINTRUST", "BRAVE"],
  ...["BRAVE_SEARCH", "BROWSERBASE", "BUILDKITE", "CIRCLECI", "CLOUDINARY", "COMET", "COMPOSIO", "CONFLUENCE"],
  ...["CONTEXT7", "COURIER", "DATADOG", "DD", "DEEPGRAM", "DIGITALOCEAN", "E2B", "ELASTIC", "ELEVENLABS", "EXA"],
  ...["FASTLY", "FIGMA", "FIRECRAWL", "FLY", "GALILEO", "GEM_HOST", "GITHUB", "GITLAB", "GOOGLE_MAPS", "GRAFANA"],
  ...["HELICONE", "HEROKU", "HONEYCOMB", "HUBSPOT", "INFLUX", "INFRACOST", "JINA", "JIRA", "KAGI", "LANGCHAIN"],
  ...["LANGFUSE", "LANGSMITH", "LINEAR", "LOGFIRE", "MAILCHIMP", "MAILGUN", "MAPBOX", "MEM0", "MISTRAL_OCR"],
  ...["NEPTUNE", "NETLIFY", "NEW_RELIC", "NOTION", "NPM", "NUGET", "OPIK", "OPSGENIE", "PAGERDUTY", "PINECONE"],
  ...["PORTKEY", "POSTHOG", "POSTMARK", "PULUMI", "QDRANT", "RENDER", "REPLICATE", "RESEND", "ROLLBAR", "SEGMENT"],
  ...["SENDGRID", "SENTRY", "SERPAPI", "SERPER", "SLACK", "SNYK", "SONAR", "STRIPE", "SUPABASE", "TAVILY"],
  ...["TRACELOOP", "TRELLO", "TWILIO", "UNSPLASH", "UPSTASH", "VERCEL", "VIRUSTOTAL", "VOYAGE", "WANDB"],
  ...["WEATHER", "WEAVIATE", "YOUTUBE", "ZENDESK", "ZEP"],
]);

/** Variables of other tools that begin as those of a provider do. */
const OF_OTHER_TOOLS = new Set(["DATABRICKS_TOKEN", "GITHUB_TOKEN", "GITHUB_SECRET", "HUGGINGFACE_TOKEN"]);

/** Many tools have a token, and most keys of providers are called this. */
const KEY = /^([A-Z][A-Z0-9_]*?)_?API_?KEYS?$/;
/** What may follow the id of a provider, other than what does. */
const OF_PROVIDER = /^_?(?:API_?)?(?:(KEY|TOKEN|SECRET)|URL|ENDPOINT)$/;

/** A misspelling is at most that far from the name that was meant; of a short id, half of it would be another one. */
const maxDistance = (stem: string): number => (stem.length < 5 ? 1 : 2);

/** The key or the base URL of a custom provider. */
const CUSTOM = /^([A-Z][A-Z0-9_]*)_API_(KEY|URL)$/;

/**
 * What to say of a base URL that belongs to a key, or may be nothing else, and of no provider.
 * @param isOwn whether it is in the gateway's own file
 * @param isSet whether a variable is set
 * @returns undefined if it is none, or may be another tool's
 */
export function explainUrl(name: string, isOwn: boolean, isSet: (name: string) => boolean): string | undefined {
  const [, stem, kind] = CUSTOM.exec(name) ?? [];
  if (stem === undefined || kind !== "URL" || OTHER_TOOLS.has(stem)) return undefined;
  if (!isOwn && !isSet(`${stem}_API_KEY`)) return undefined;
  return `${name} looks like the base URL of a provider, and there is none of that name: to add it, set CUSTOM_PROVIDERS=${stem.toLowerCase()}`;
}

/**
 * What to say of a variable that looks as if it were for a provider, and is none of the gateway's.
 * @param known the names of all variables of providers
 * @param ids of the providers
 * @param isSet whether a variable is set
 * @returns undefined if it does not look so, or is another tool's
 */
export function explainProviderLike(
  name: string,
  known: ReadonlySet<string>,
  ids: readonly string[],
  nearestWithin: (name: string, candidates: Iterable<string>, distance: number) => string | undefined,
  isSet: (name: string) => boolean,
): string | undefined {
  const upper = name.toUpperCase();
  if (OF_OTHER_TOOLS.has(upper)) return undefined;
  const mean = (meant: string): string =>
    `${name} is not a setting of this version and is ignored (did you mean ${meant}?)`;
  if (known.has(upper)) return mean(upper);
  const id = ids.find((id) => upper.startsWith(prefixOf(id)) && /^(?:_|API)/.test(upper.slice(prefixOf(id).length)));
  if (id !== undefined) {
    const prefix = prefixOf(id);
    const own = [...known].filter((each) => each.startsWith(`${prefix}_`));
    const [usual, isKey] = OF_PROVIDER.exec(upper.slice(prefix.length)) ?? [];
    const meant = usual === undefined ? nearestWithin(upper, own, 2) : `${prefix}_API_${isKey ? "KEY" : "URL"}`;
    return meant === undefined ? undefined : mean(meant);
  }
  const stem = KEY.exec(upper)?.[1];
  if (stem === undefined || OTHER_TOOLS.has(stem)) return undefined;
  const meant = nearestWithin(`${stem}_API_KEY`, known, maxDistance(stem));
  if (meant !== undefined) return mean(meant);
  const also = `${stem}_API_KEY` === name ? "" : `, ${stem}_API_KEY`;
  const place = isSet(`${stem}_API_URL`) ? "" : `, ${stem}_API_URL=...`;
  return `${name} looks like the key of a provider, and there is none of that name: to add it, set CUSTOM_PROVIDERS=${stem.toLowerCase()}${place}${also}`;
}

const prefixOf = (id: string): string => id.toUpperCase().replaceAll("-", "_");
