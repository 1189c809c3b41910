import { afterEach, beforeEach } from "bun:test";
import type { Provider } from "../../../src/providers/provider.ts";
import { readWithin } from "../../../src/upstream/read-body.ts";
import { createSocketTransport } from "../../../src/upstream/http1/transport.ts";
import type { UpstreamResponse, PendingResponse, WireRequest } from "../../../src/upstream/transport.ts";
import { createDeadlines } from "../../../src/core/deadlines.ts";
import { type MockProvider, startMockProvider } from "../../fixtures/mock-provider.ts";
import { within } from "../../fixtures/within.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import { createProvider } from "../open-upstream.ts";

/** An answer with its body read to the end. */
export interface ReadAnswer {
  readonly status: number;
  readonly headers: UpstreamResponse["headers"];
  readonly text: string;
}

/** Reads the whole body of an answer, however long. */
export async function readAnswer({ status, headers, body }: UpstreamResponse): Promise<ReadAnswer> {
  const read = body ? await readWithin(body, Number.POSITIVE_INFINITY) : { whole: new Uint8Array(0) };
  if (!("whole" in read)) throw new Error("it is longer than everything");
  return { status, headers, text: Buffer.from(read.whole).toString() };
}

/** A transport to one server, on a clock of its own. Use it with `await using`. */
export function openTransport({ url, unix }: Pick<MockProvider, "url" | "unix">) {
  const clock = createManualClock();
  const deadlines = createDeadlines(clock);
  const transport = createSocketTransport(deadlines, clock.now);
  const provider: Provider = { ...createProvider("mock", unix), baseUrl: url };
  const seen = { connected: 0 };

  /** Sends a GET of `/` unless told otherwise. */
  const send = (request: Partial<WireRequest> = {}): PendingResponse =>
    transport.send(provider, { url: `${url}/`, method: "GET", headers: {}, body: null, ...request }, () => {
      seen.connected += 1;
    });

  return {
    clock,
    deadlines,
    seen,
    send,
    /** The answer to a request, read to its end. */
    ask: (request?: Partial<WireRequest>): Promise<ReadAnswer> =>
      within(send(request).response.then(readAnswer), 5000, "a whole answer"),
    close: transport.close,
    [Symbol.dispose]: transport.close,
  };
}

/** A provider and a transport to it. Use them with `await using`. */
export async function openWithProvider(options: Parameters<typeof startMockProvider>[0] = {}) {
  const provider = await startMockProvider(options);
  const transport = openTransport(provider);
  return {
    ...transport,
    provider,
    async [Symbol.asyncDispose]() {
      transport.close();
      await provider.stop();
    },
  };
}

export type TransportWithProvider = Awaited<ReturnType<typeof openWithProvider>>;

/** Opens both before each test of a file, and closes them after it. */
export function openForEachTest(take: (opened: TransportWithProvider) => void): void {
  let opened: TransportWithProvider | undefined;
  beforeEach(async () => take((opened = await openWithProvider())));
  afterEach(() => opened?.[Symbol.asyncDispose]());
}

/** The body of a POST. */
export const post = (body: WireRequest["body"], headers: Record<string, string> = {}) =>
  ({ method: "POST", body, headers }) satisfies Partial<WireRequest>;
