import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/core/errors.ts";
import { createInFlightRequests } from "../../src/core/in-flight-requests.ts";
import type { RequestContext } from "../../src/core/request-context.ts";
import { openLineStream } from "../../src/telemetry/line-stream.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { logRequest } from "../../src/telemetry/log-request.ts";
import { collectLogLines } from "../fixtures/log-lines.ts";
import { createManualClock, settle } from "../fixtures/manual-clock.ts";

/** As long as lines are held. */
const HOLD_MS = 100;

interface RigOptions {
  /** Whether the output does not answer to a write before `takesNext`. */
  readonly stalls?: boolean;
  readonly format?: (line: string) => string;
}

/** A gateway's log of requests, as it is written out; its time stands still. */
function setUp({ stalls = false, format }: RigOptions = {}) {
  const clock = createManualClock();
  const lines = collectLogLines();
  const writes: string[] = [];
  const copied: string[] = [];
  let goOn: (() => void) | undefined;
  const log = createLog({ level: "info", environment: "lab", format }, undefined, (parts) =>
    openLineStream({
      ...parts,
      timers: clock,
      output: {
        write(bytes, done) {
          const take = (): void => {
            const text = Buffer.from(bytes).toString();
            writes.push(text);
            lines.write(text);
            done(bytes.length);
          };
          if (stalls) goOn = take;
          else take();
        },
        writeLast() {},
      },
    }),
  );
  log.copyLines((line) => void copied.push(line));
  const requests = createInFlightRequests({
    observers: [logRequest(log, new Set())],
    now: clock.now,
    newId: () => "made",
  });
  const open = (id: string, route = "/x"): RequestContext =>
    requests.open(new Request("http://gateway/", { headers: { "x-request-id": id } }), route);
  const answer = (id: string): void => open(id).finish("answered");
  const fail = (id: string): void => {
    const request = open(id);
    request.failed(new Failure("upstream_reset"));
    request.finish("failed");
  };
  const ids = (): unknown[] => lines.lines.map(({ request_id: id, msg }) => id ?? msg);
  /** The output answers to the write that it was last asked for; false if there is none. */
  const takesNext = (): boolean => {
    const take = goOn;
    goOn = undefined;
    take?.();
    return take !== undefined;
  };
  return { clock, log, lines: lines.lines, writes, copied, open, answer, fail, ids, takesNext };
}

describe("the line of a request is written outside its turn", () => {
  test("in the next one, if none was written for a while", async () => {
    const { answer, ids, clock } = setUp();
    answer("a");
    expect(ids()).toEqual([]);
    await settle();
    expect(ids()).toEqual(["a"]);
    await clock.advance(HOLD_MS);
    answer("b");
    await settle();
    expect(ids()).toEqual(["a", "b"]);
    expect(clock.timersWaiting()).toBe(0);
  });

  test("else with those that come until a tenth of a second has passed since the last, in one write", async () => {
    const { answer, ids, writes, clock } = setUp();
    answer("a");
    await settle();
    for (const id of ["b", "c", "d"]) answer(id);
    await clock.advance(HOLD_MS - 1);
    expect(ids()).toEqual(["a"]);
    answer("e");
    await clock.advance(1);
    expect(ids()).toEqual(["a", "b", "c", "d", "e"]);
    expect(writes).toHaveLength(2);
    expect(clock.timersSet()).toBe(1);
  });

  test("in the next turn if it failed, with those before it", async () => {
    const { answer, fail, ids, clock } = setUp();
    answer("a");
    await settle();
    answer("b");
    fail("c");
    answer("d");
    await settle();
    expect(ids()).toEqual(["a", "b", "c", "d"]);
    expect(clock.timersWaiting()).toBe(0);
  });

  test("before any other line that comes later, and with its own time", async () => {
    const { answer, log, ids, lines, clock } = setUp();
    answer("a");
    await settle();
    answer("b");
    log.info("between");
    answer("c");
    log.error("at last");
    await settle();
    expect(ids()).toEqual(["a", "b", "between", "c", "at last"]);
    const times = lines.map(({ time }) => String(time));
    expect(times).toEqual([...times].sort());
    expect(clock.timersWaiting()).toBe(0);
  });

  test("when very many wait, without the passing of time", async () => {
    const { answer, ids } = setUp();
    answer("first");
    await settle();
    const many = Array.from({ length: 1000 }, (_, index) => `request-${index}`);
    for (const id of many) answer(id);
    const soFar = ids().slice(1);
    expect(soFar.length).toBeGreaterThan(700);
    expect(soFar).toEqual(many.slice(0, soFar.length));
  });

  test("at the end of the process", async () => {
    const { answer, log, ids } = setUp();
    answer("a");
    await settle();
    answer("b");
    await log.flushLines();
    expect(ids()).toEqual(["a", "b"]);
  });

  test("once, whatever the output does meanwhile", async () => {
    const { answer, fail, takesNext, ids, log } = setUp({ stalls: true });
    answer("a");
    await settle();
    const many = Array.from({ length: 500 }, (_, index) => `request-${index}`);
    for (const id of many) (id.endsWith("7") ? fail : answer)(id);
    const flushed = log.flushLines();
    while (takesNext());
    await flushed;
    expect(ids()).toEqual(["a", ...many]);
  });

  test("in the form for people, too, and the collector gets it in its own", async () => {
    const { answer, writes, copied, log } = setUp({
      format: (line) => `${String((JSON.parse(line) as { request_id?: string }).request_id)}!\n`,
    });
    answer("a");
    answer("b");
    log.info("other");
    await settle();
    expect(writes.join("")).toBe("a!\nb!\nundefined!\n");
    expect(copied.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(["request", "request", "other"]);
  });
});

describe("until then", () => {
  test("what is recorded after the end of a request is no part of it", async () => {
    const { open, lines } = setUp();
    const request = open("a");
    request.answered(200);
    request.sent(7);
    request.used({ inputTokens: 1 });
    request.finish("client_gone");
    request.sent(100);
    request.used({ inputTokens: 50 });
    request.selected("late", "late");
    await settle();
    expect(lines[0]).toMatchObject({ bytes_out: 7, input_tokens: 1, outcome: "client_gone" });
    expect(lines[0]).not.toHaveProperty("provider");
  });

  test("requests are not kept", async () => {
    const { open } = setUp({ stalls: true });
    const requests: WeakRef<object>[] = [];
    const finishAll = (): void => {
      for (let index = 0; index < 100; index++) {
        const request = open(`request-${index}`);
        request.interruptibleBy({ abort() {} });
        request.finish("answered");
        requests.push(new WeakRef(request));
      }
    };
    finishAll();
    // A reference holds until the end of the turn that looks at it; some may still be on the stack after that.
    const kept = (): number => requests.filter((request) => request.deref() !== undefined).length;
    for (let tries = 0; tries < 50; tries++) {
      await settle();
      Bun.gc(true);
      if (kept() < 5) break;
    }
    expect(kept()).toBeLessThan(5);
  });

  test("long names are not kept either: the line is written at once", async () => {
    const { open, log, answer, copied } = setUp();
    answer("a");
    await settle();
    const request = open("b");
    request.selected("openai", "m".repeat(1_000_000));
    request.finish("answered");
    // It is what is written to a batch that is copied.
    expect(copied).toHaveLength(2);
    await log.flushLines();
    expect((JSON.parse(copied[1] as string) as { model: string }).model).toBe("m".repeat(256));
  });
});
