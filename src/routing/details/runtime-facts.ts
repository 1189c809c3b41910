import type { TimerSource } from "../../core/deadlines.ts";
import type { JsonLimits } from "../../core/json/limits.ts";
import { isJsonObject } from "../../core/json/parse.ts";
import type { ModelExtras } from "../../providers/model-extras.ts";
import type { Provider } from "../../providers/provider.ts";
import { RUNNING_SERVERS, type RunningServer, runningServerOf } from "../../providers/running-servers.ts";
import type { OpenUpstreamCall } from "../../upstream/call.ts";
import { fetchJson } from "../model-lists/fetch-json.ts";
import type { ModelList } from "../model-lists/model-list.ts";
import { dateOf, type Statement } from "./model-details.ts";

/** So many models of one list are asked for; each costs a call. */
const MAX_ASKED = 100;

/** So many at once. */
const MAX_AT_ONCE = 8;

/** Some clients wait three seconds for a list of models. */
const PATIENCE_MS = 2000;

/** A server that has failed so often in a row does not know the question, or is not there. */
const MAX_FAILURES = 3;

/** The longest answers that are known, with a license and a template, have some 100 KB. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const ANSWER_LIMITS: JsonLimits = { depth: 32, values: 50_000 };

export interface RuntimeFactsParts {
  readonly openCall: OpenUpstreamCall;
  readonly timers: TimerSource;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** Asks the servers that run models what they were started with. */
export interface RuntimeFacts {
  /**
   * Each model of the list is asked for once as long as the list is the same, whether its server answers or not.
   * Never rejects, and takes two seconds at most.
   */
  ask(list: ModelList, models: readonly string[]): Promise<ReadonlyMap<string, Statement>>;
}

export function createRuntimeFacts(parts: RuntimeFactsParts): RuntimeFacts {
  const asked = new WeakMap<ModelList, AskedServer>();
  return {
    async ask(list, models) {
      let server = asked.get(list);
      if (!server) asked.set(list, (server = createAskedServer(list, parts)));
      await server.ask(models);
      return server.known;
    },
  };
}

interface AskedServer {
  readonly known: ReadonlyMap<string, Statement>;
  ask(models: readonly string[]): Promise<unknown>;
}

interface Question {
  readonly model: string;
  readonly runs: RunningServer;
  /** On the monotonic clock. */
  readonly until: number;
  readonly done: () => void;
}

function createAskedServer({ provider, models: listed }: ModelList, parts: RuntimeFactsParts): AskedServer {
  const { timers, clock } = parts;
  const known = new Map<string, Statement>();
  const answered = new Map<string, Promise<void>>();
  const waiting: Question[] = [];
  let atOnce = 0;
  let failures = 0;

  const answer = async ({ model, runs, until, done }: Question): Promise<void> => {
    const leftMs = until - timers.now();
    const says =
      failures < MAX_FAILURES && leftMs > 0 ? await askWithin(leftMs, provider, runs, model, parts) : undefined;
    failures = says ? 0 : failures + 1;
    if (says) known.set(model, { source: "runtime", updated_at: dateOf(clock()), says });
    done();
  };

  const goOn = (): void => {
    while (atOnce < MAX_AT_ONCE) {
      const question = waiting.shift();
      if (!question) return;
      atOnce++;
      void answer(question).finally(() => {
        atOnce--;
        goOn();
      });
    }
  };

  const begin = (model: string, runs: RunningServer): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push({ model, runs, until: timers.now() + PATIENCE_MS, done: resolve });
    answered.set(model, promise);
    return promise;
  };

  return {
    known,
    ask(models) {
      const answers = models.map((model) => {
        const before = answered.get(model);
        if (before || answered.size >= MAX_ASKED) return before;
        const entry = listed.get(model);
        const runs = entry && runningServerOf(provider, entry.ownedBy);
        return runs && begin(model, runs);
      });
      goOn();
      return Promise.all(answers);
    },
  };
}

/** @returns undefined if it does not say within this time */
async function askWithin(
  ms: number,
  provider: Provider,
  runs: RunningServer,
  model: string,
  { openCall, timers }: RuntimeFactsParts,
): Promise<ModelExtras | undefined> {
  const { request, read } = RUNNING_SERVERS[runs];
  const { path, query, method, body } = request(model);
  const controller = new AbortController();
  const timer = timers.setTimer(() => controller.abort(), ms);
  try {
    const { value } = await fetchJson(
      provider,
      { url: rootUrl(provider, path, query), method, body },
      { openCall, signal: controller.signal, maxBytes: MAX_ANSWER_BYTES, limits: ANSWER_LIMITS, what: path },
    );
    return isJsonObject(value) ? read(value) : undefined;
  } catch {
    return undefined;
  } finally {
    timers.clearTimer(timer);
  }
}

/** These servers have their own APIs beside `/v1`, below which they have OpenAI's. */
function rootUrl(provider: Provider, path: string, query: Readonly<Record<string, string>> = {}): string {
  const url = new URL(provider.baseUrl.replace(/\/v1$/, "") + path);
  url.search = provider.query;
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}
