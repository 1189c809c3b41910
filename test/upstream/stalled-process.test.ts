import { expect, test } from "bun:test";
import type { Provider } from "../../src/providers/provider.ts";
import { createDeadlines } from "../../src/upstream/deadlines.ts";
import { createUpstream } from "../../src/upstream/upstream.ts";
import { createManualClock } from "./manual-clock.ts";

const PROVIDER: Provider = {
  id: "openai",
  baseUrl: "http://host",
  unixSocket: undefined,
  auth: "none",
  authHeader: "authorization",
  key: undefined,
  headers: {},
  listing: "openai",
  paths: { models: "/models", chat: "/chat/completions" },
  refusesStreamOptions: false,
  callable: true,
  configured: true,
};

test("a process that stood still for a while gives a connection the rest of its time before it gives up", async () => {
  const clock = createManualClock();
  let ahead = 0;
  const now = (): number => clock.now() + ahead;
  let probes = 0;
  const openCall = createUpstream({
    fetch: (_url, { signal }) =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    probe: () => {
      probes += 1;
      return Promise.resolve(true);
    },
    deadlines: createDeadlines({ ...clock, now }),
    now,
    limits: { connectMs: 1000, responseHeaderMs: 60_000, totalMs: 60_000, streamIdleMs: 60_000 },
  });
  const call = openCall(PROVIDER, new AbortController().signal);
  let failure: unknown;
  const sent = call.send({ url: "http://host/", method: "POST", headers: {}, body: null }).catch((error: unknown) => {
    failure = error;
  });
  ahead = 5000;
  await clock.advance(500);
  expect([probes, failure]).toEqual([1, undefined]);
  await clock.advance(10_000);
  expect(failure).toBeUndefined();
  await clock.advance(60_000);
  await sent;
  expect(failure).toMatchObject({ code: "response_header_timeout" });
});
