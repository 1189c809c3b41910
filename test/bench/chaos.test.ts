import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChaosPhase, faultTable, judgeChaos, phaseTable } from "../../bench/endurance/chaos-judge.ts";
import { runChaosPhase } from "../../bench/endurance/chaos.ts";
import { findMarkFault, markedContent } from "../fixtures/flaky-provider.ts";
import { failOverMs, type FlakyProviders, startFlakyProviders } from "../fixtures/flaky-providers.ts";

const MARKS = ["alpha", "bravo", "charlie", "delta", "echo"];

const request = (milliseconds: number, fault?: string, kind = "whole") => ({
  ...{ kind, startedAt: 0, milliseconds, waitedForCpuMs: 0, fault },
});
const phase = (name: string, requests: ChaosPhase["requests"]): ChaosPhase => ({
  ...{ name, requests, faults: [], attempts: [[1], [2, 3]] },
});
const many = (count: number) => Array.from({ length: count }, () => request(20));

describe("the chaos is judged", () => {
  const quiet = phase("quiet", many(10));
  const late = phase("late", [request(1, "status 502")]);
  const failing = (...phases: Parameters<typeof judgeChaos>[0]) =>
    judgeChaos(phases).flatMap(({ holds, text }) => (holds ? [] : [text]));

  test("to be good if 999 of 1000 are answered well, whatever is cut after content", () => {
    expect(failing(quiet, phase("chaos", [...many(999), request(1, "status 503")]), late)).toEqual([]);
  });

  test("to have failed below that", () => {
    const [text, ...others] = failing(quiet, phase("chaos", [...many(997), request(1, "status 503")]), late);
    expect(text).toContain("99.899 % is answered well, has to be 99.900 %; but 1 x whole: status 503");
    expect(others).toEqual([]);
  });

  test("to have failed if something is not answered while nothing is wrong, or nothing was asked", () => {
    const chaos = phase("chaos", many(10));
    expect(failing(phase("quiet", [...many(5000), request(1, "status 502")]), chaos, late)).toHaveLength(1);
    expect(failing(quiet, phase("chaos", []), late)).toHaveLength(1);
  });

  test("by the p99 that it adds", () => {
    const chaos = phase("chaos", [...many(98), request(500), request(520)]);
    expect(judgeChaos([quiet, chaos, late]).map(({ text }) => text)).toContainEqual(
      expect.stringContaining("p99 of whole answers 480 ms"),
    );
  });

  test("in tables", () => {
    expect(phaseTable([phase("quiet", [...many(2), request(40, undefined, "stream")])])).toMatch(
      /quiet \| +3 \| +100\.000 % \| +20 \/ 20 \| +40 \/ 40 \| +1\.000 \| +1 2 \|/,
    );
    const faults = [{ provider: 1, fault: "mute", fromMs: 0, toMs: 5000 }] as const;
    expect(faultTable([{ ...phase("chaos", []), faults }], 1000)).toMatch(/mute +\| +1 \| +3 \| +3 \|/);
  });
});

test("time to fail over is that of the last request before a provider is let alone", () => {
  const fault = { provider: 1, fault: "failed", fromMs: 1000, toMs: 6000 } as const;
  // Before it, at once, while the circuit is still closed; then probes, and after the fault.
  const attempts = [[], [900, 1100, 1300, 1350, 3400, 5400, 7000]];
  expect(failOverMs(fault, attempts, 1000)).toBe(350);
  expect(failOverMs(fault, [[], [900, 7000]], 1000)).toBeUndefined();
  expect(failOverMs(fault, [[2000], []], 1000)).toBeUndefined();
});

test("an answer has to be whole, and one provider's alone", () => {
  const piece = (content: string): string => `data: {"choices":[{"delta":{"content":"${content}"}}]}\n\n`;
  const good = piece("") + piece(markedContent("bravo"));
  expect(findMarkFault(MARKS, true, 200, `${good}data: [DONE]\n\n`)).toBeUndefined();
  expect(findMarkFault(MARKS, true, 200, good)).toBe("a stream without its end");
  expect(findMarkFault(MARKS, true, 200, `${good}data: {"error":{}}\n\n`)).toBe("a stream that ends in an error");
  expect(findMarkFault(MARKS, true, 200, `${piece("alpha-0 ")}${good}data: [DONE]\n\n`)).toBe("wrong content");
  expect(findMarkFault(["alpha"], false, 200, `{"content":"${markedContent("bravo")}"}`)).toBe("wrong content");
  expect(findMarkFault(MARKS, false, 503, "")).toBe("status 503");
  const attempts = `{"error":{"attempts":[{"provider":"alpha","model":"m","status":504,"why":"first_token_timeout"}]}}`;
  expect(findMarkFault(MARKS, false, 504, attempts)).toBe("status 504, 504 first_token_timeout");
});

/** What a gateway does here at the least: asks one after another until one answers as it should. */
function startStandIn(ports: readonly number[]) {
  let turn = 0;
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(incoming) {
      const body = await incoming.text();
      turn += 1;
      for (let attempt = 0; attempt < ports.length; attempt += 1) {
        const url = `http://127.0.0.1:${ports[(turn + attempt) % ports.length]}/v1/chat/completions`;
        try {
          const init = { method: "POST", body, keepalive: false, signal: AbortSignal.timeout(400) };
          const answer = await fetch(url, init);
          const text = await answer.text();
          if (answer.status === 200 && findMarkFault(MARKS, body.includes('"stream":true'), 200, text) === undefined) {
            return new Response(text);
          }
        } catch {}
      }
      return new Response("", { status: 503 });
    },
  });
}

describe("the driver", () => {
  let providers: FlakyProviders;
  let standIn: ReturnType<typeof startStandIn>;
  beforeAll(async () => {
    providers = await startFlakyProviders(MARKS);
    standIn = startStandIn(providers.ports);
  });
  afterAll(async () => {
    await standIn.stop(true);
    await providers.stop();
  });

  const load = { name: "chaos", pid: process.pid, rate: 40, lengthMs: 700 };
  const chatUrl = (): string => `http://127.0.0.1:${standIn.port}/v1/chat/completions`;

  test("has everything answered by something that tries again, whatever two of five do", async () => {
    const plan = [
      { provider: 0, fault: "dead", fromMs: 0, toMs: 600 },
      { provider: 1, fault: "cut", fromMs: 0, toMs: 300 },
      { provider: 1, fault: "overloaded", fromMs: 310, toMs: 600 },
    ] as const;
    const seen = await runChaosPhase(providers, { ...load, chatUrl: chatUrl(), plan });
    expect(seen.requests.length).toBeGreaterThan(5);
    expect(new Set(seen.requests.map(({ kind }) => kind))).toEqual(new Set(["whole", "stream"]));
    expect(seen.requests.filter(({ fault }) => fault !== undefined)).toEqual([]);
    expect(seen.faults.map(({ fault }) => fault)).toEqual(["dead", "cut", "overloaded"]);
    expect(seen.attempts.flat().length).toBeGreaterThan(seen.requests.length);
  });

  test("tells what was not answered well", async () => {
    const plan = MARKS.map((_, provider) => ({ provider, fault: "failed" as const, fromMs: 0, toMs: 600 }));
    const seen = await runChaosPhase(providers, { ...load, chatUrl: chatUrl(), plan, lengthMs: 300 });
    expect(seen.requests.some(({ fault }) => fault === "status 503")).toBe(true);
  });
});
