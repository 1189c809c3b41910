import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import type { UpstreamResponse } from "../../../src/upstream/transport.ts";
import { json } from "../../fixtures/answers.ts";
import { showFigures } from "../../fixtures/figures.ts";
import { startMockProvider } from "../../fixtures/mock-provider.ts";
import { createRandom } from "../../fixtures/random.ts";
import { chunk, close, end, flood, head, raw, reset, stall, type Step } from "../../fixtures/script.ts";
import { within } from "../../fixtures/within.ts";
import { openTransport, post } from "./open-transport.ts";

const REQUESTS = 600;
const AT_ONCE = 30;
const REASON = Object.assign(new Error("given up"), { code: "GIVEN_UP" });
const CHUNKED = { "transfer-encoding": "chunked" };

const GZIP = gzipSync("hello ".repeat(20_000));

/** What a server may do; the first ones are good answers. */
const SCRIPTS: readonly (() => readonly Step[])[] = [
  () => json(200, "{}"),
  () => [head(204), end()],
  () => [head(200, CHUNKED), chunk("a"), chunk("b"), end()],
  () => [head(200, CHUNKED), flood(600_000), end()],
  () => [
    head(200, { ...CHUNKED, "content-encoding": "gzip" }),
    chunk(GZIP.subarray(0, 100)),
    chunk(GZIP.subarray(100)),
    end(),
  ],
  () => [head(200, { connection: "close" }), chunk("a"), end()],
  () => [...json(200, "{}"), close()],
  () => [raw("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nabc")],
  () => [head(200, CHUNKED), chunk("a"), reset()],
  () => [head(200, CHUNKED), chunk("a"), close()],
  () => [head(200, CHUNKED), chunk("a"), raw("zz\r\n"), stall()],
  () => [head(200, { ...CHUNKED, "content-encoding": "gzip" }), chunk("no gzip"), end()],
  () => [head(200, CHUNKED), chunk("a"), stall()],
  () => [stall()],
  () => [reset()],
  () => [close()],
];
const ENDLESS = new Set([10, 12, 13].map((index) => SCRIPTS[index]));

test("whatever servers and takers do, every request ends, and nothing is left of any", async () => {
  const seed = Date.now() | 0;
  showFigures("seed", seed);
  const random = createRandom(seed);
  await using provider = await startMockProvider();
  using transport = openTransport(provider);
  const outcomes = new Map<string, number>();
  const scripts = new Map<string, () => readonly Step[]>();
  provider.answerAlways(({ target }) => scripts.get(target)?.() ?? [reset()]);

  const source = (fails: boolean): ReadableStream<Uint8Array> => {
    let left = 1 + random.below(4);
    return new ReadableStream({
      async pull(controller) {
        if (random.below(2) === 0) await Bun.sleep(1);
        if (left-- > 0) controller.enqueue(new Uint8Array(1 + random.below(100_000)));
        else if (fails) controller.error(REASON);
        else controller.close();
      },
    });
  };

  const take = async ({ body }: UpstreamResponse, isPatient: boolean): Promise<string> => {
    if (!body) return "well";
    if (random.below(3) === 0) await Bun.sleep(random.below(3));
    const over = Promise.withResolvers<string>();
    body.consume({
      write() {
        const what = random.below(40);
        if (what === 0 && !isPatient) {
          body.cancel();
          over.resolve("cancelled");
        } else if (what < 4) {
          body.pause();
          setTimeout(body.resume.bind(body), random.below(3));
        }
      },
      flush() {},
      end: () => over.resolve("well"),
      fail: (error) => over.resolve(error instanceof Error && "code" in error ? String(error.code) : "unknown"),
    });
    return over.promise;
  };

  const ask = async (index: number): Promise<void> => {
    const target = `/${index}`;
    const script = random.pick(SCRIPTS);
    scripts.set(target, script);
    const body = random.pick([null, Buffer.from("{}"), new Uint8Array(200_000), source(false), source(true)]);
    const isPatient = random.below(2) === 0 && !ENDLESS.has(script);
    const request = body === null ? {} : post(body);
    const sending = transport.send({ ...request, url: provider.url + target });
    const timer = isPatient ? undefined : setTimeout(() => sending.abort(REASON), random.below(12));
    const outcome = await within(
      sending.response.then((answered) => take(answered, isPatient)),
      4000,
      `request ${index}`,
    ).catch((error: { readonly code?: string }) => error.code ?? String(error));
    clearTimeout(timer);
    // As the upstream does when it has no more use for a call.
    sending.abort(undefined);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  };

  let next = 0;
  const work = async (): Promise<void> => {
    while (next < REQUESTS) await ask(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));

  expect([...outcomes.keys()].filter((outcome) => outcome.includes("timed out"))).toEqual([]);
  for (const outcome of ["well", "GIVEN_UP", "ECONNRESET"]) expect([...outcomes.keys()]).toContain(outcome);
  transport.close();
  for (let id = 1; id <= provider.connections; id++) await provider.connectionClosed(id);
  expect(provider.openConnections).toBe(0);
  await transport.clock.advance(60_000);
  expect(transport.deadlines.size()).toBe(0);
});
