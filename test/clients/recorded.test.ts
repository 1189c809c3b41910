import { afterAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { isJsonObject, type JsonObject } from "../../src/core/json/parse.ts";
import { json, sse } from "../fixtures/answers.ts";
import { startMockProvider } from "../fixtures/mock-provider.ts";
import type { LogLine, RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";

/** One exchange with a provider, as `../shared/recorded` keeps it. */
interface Recording {
  readonly file: string;
  readonly provider: string;
  readonly request: { readonly model: string; readonly stream?: boolean };
  readonly status: number;
  readonly content_type: string;
  /** Parsed JSON, or the text of an event stream. */
  readonly body: unknown;
}

const RECORDED = resolve(import.meta.dir, "../../../shared/recorded");
const ROUTES: Readonly<Record<string, string>> = {
  chat: "/v1/chat/completions",
  messages: "/v1/messages",
  responses: "/v1/responses",
  embeddings: "/v1/embeddings",
};
/** Providers that the gateway does not know by name are added as custom ones. */
const CUSTOM = ["openrouter", "cerebras", "huggingface"];
const BUILT_IN = ["openai", "anthropic", "cohere", "groq", "deepseek", "mistral", "google", "zai"];

const present = existsSync(RECORDED);
if (!present) console.warn(`Recorded provider exchanges are not in ${RECORDED}: they are not replayed.`);

const routeOf = (file: string): string | undefined => ROUTES[file.split("/").at(-1)?.split("-")[0] ?? ""];

async function readRecordings(): Promise<Recording[]> {
  const files = present ? await Array.fromAsync(new Bun.Glob("*/*.json").scan(RECORDED)) : [];
  const known = files.filter((file) => routeOf(file) !== undefined).toSorted();
  return Promise.all(known.map(async (file) => ({ ...(await Bun.file(join(RECORDED, file)).json()), file })));
}

const recordings = await readRecordings();
let current: { readonly text: string; readonly recording: Recording } | undefined;
const provider = await startMockProvider();
provider.answerAlways(({ target }) => {
  if (target.includes("/models") || !current) return json(200, { data: [] });
  const { text, recording } = current;
  const isStream = recording.content_type.startsWith("text/event-stream");
  return isStream ? sse([text]) : json(recording.status, text);
});

const settings = Object.fromEntries(
  [...BUILT_IN, ...CUSTOM].flatMap((id) => [
    [`${id.toUpperCase()}_API_KEY`, `key-of-${id}`],
    [`${id.toUpperCase()}_API_URL`, `${provider.url}/${id}`],
  ]),
);
const gateway: RunningGateway = await startGateway({
  ...settings,
  CUSTOM_PROVIDERS: CUSTOM.join(","),
  ENABLE_VISION: "true",
});
provider.readBy(gateway);
afterAll(async () => {
  await gateway.stop();
  await provider.stop();
});

/** The Responses API is asked of its one provider, whoever was recorded. */
const providerOf = ({ file, provider: recorded }: Recording): string =>
  routeOf(file) === "/v1/responses" ? "openai" : recorded;

async function replay(
  recording: Recording,
): Promise<{ response: Response; answer: string; sent: string; line: LogLine }> {
  const sent = typeof recording.body === "string" ? recording.body : JSON.stringify(recording.body);
  current = { text: sent, recording };
  const response = await fetch(`${gateway.url}${routeOf(recording.file)}?provider=${providerOf(recording)}`, {
    method: "POST",
    headers: { "x-request-id": recording.file },
    body: JSON.stringify(recording.request),
  });
  const answer = await response.text();
  const line = await gateway.logged(({ request_id }) => request_id === recording.file);
  return { response, answer, sent, line };
}

interface Counted {
  input?: unknown;
  output?: unknown;
}

/** The last usage that the provider told, read the slow way: every event parsed, every place looked at. */
function recordedUsage(text: string): Counted {
  const found: Counted = {};
  for (const event of readEvents(text)) {
    const holders = [event, event["response"], event["message"], event["x_groq"]].filter(isJsonObject);
    for (const { usage } of holders) {
      if (!isJsonObject(usage)) continue;
      found.input = usage["prompt_tokens"] ?? wholeInput(usage) ?? found.input;
      found.output = withHidden(usage) ?? usage["output_tokens"] ?? found.output;
    }
  }
  return found;
}

const numberIn = (usage: JsonObject, name: string): number => Number(usage[name] ?? 0);

/** Anthropic counts cached tokens beside the input, and all others as a part of it. */
function wholeInput(usage: JsonObject): number | undefined {
  if (usage["input_tokens"] === undefined) return undefined;
  const cached = numberIn(usage, "cache_read_input_tokens") + numberIn(usage, "cache_creation_input_tokens");
  return numberIn(usage, "input_tokens") + cached;
}

/** Google tells of thoughts in the sum alone. */
function withHidden(usage: JsonObject): number | undefined {
  if (usage["completion_tokens"] === undefined) return undefined;
  const said = numberIn(usage, "completion_tokens");
  const isPlain = usage["completion_tokens_details"] === undefined;
  return isPlain ? Math.max(said, numberIn(usage, "total_tokens") - numberIn(usage, "prompt_tokens")) : said;
}

function readEvents(text: string): JsonObject[] {
  const bodies = text.startsWith("{")
    ? [text]
    : text.split(/\r?\n/).flatMap((line) => /^data: (\{.*)$/.exec(line)?.[1] ?? []);
  return bodies.map((body) => JSON.parse(body) as unknown).filter(isJsonObject);
}

describe.skipIf(!present)("recorded exchanges", () => {
  test("are enough to show something", () => {
    expect(recordings.length).toBeGreaterThan(180);
  });

  const failed = recordings
    .filter(({ status }) => status >= 400)
    .map((recording) => [recording.file, recording] as const);
  test.each(failed)("%s keeps its status and message", async (_, recording) => {
    const { response, answer, line } = await replay(recording);
    const { error } = recording.body as { readonly error: { readonly message: string } };
    expect(response.status).toBe(recording.status);
    const said: { error: unknown } = JSON.parse(answer);
    expect(isJsonObject(said.error) ? said.error["message"] : said.error).toBe(error.message);
    expect(line).toMatchObject({ status: recording.status, outcome: "answered", failure: "provider_error" });
  });

  const answered = recordings
    .filter(({ status }) => status < 300)
    .map((recording) => [recording.file, recording] as const);
  test.each(answered)("%s arrives byte for byte, and its tokens are logged", async (_, recording) => {
    const { response, answer, sent, line } = await replay(recording);
    expect(response.status).toBe(recording.status);
    expect(answer === sent).toBe(true);
    const { input, output } = recordedUsage(sent);
    // In no form that this API has.
    if (input === undefined && output === undefined) {
      expect(["estimated", "none", undefined]).toContain(line["usage_source"] as string);
      return;
    }
    expect({ input: line["input_tokens"], output: line["output_tokens"] }).toEqual({ input, output });
  });
});
