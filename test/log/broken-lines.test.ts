import { describe, expect, test } from "bun:test";
import { createInFlightRequests } from "../../src/core/in-flight-requests.ts";
import type { RequestContext } from "../../src/core/request-context.ts";
import { createDeferredWrites } from "../../src/telemetry/deferred-lines.ts";
import { openLineStream } from "../../src/telemetry/line-stream.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { logRequest } from "../../src/telemetry/log-request.ts";
import { createManualClock, settle } from "../fixtures/manual-clock.ts";

/* What cannot be put into words costs no other line, and never the process. */

const thrower = (): never => {
  throw new Error("unfit");
};

function setUp(format?: (line: string) => string) {
  const faults: unknown[] = [];
  let text = "";
  const log = createLog({ level: "debug", environment: "lab", format }, undefined, (parts) =>
    openLineStream({
      ...parts,
      timers: createManualClock(),
      output: {
        write(bytes, done) {
          text += Buffer.from(bytes).toString();
          done(bytes.length);
        },
        writeLast() {},
      },
    }),
  );
  const requests = createInFlightRequests({
    observers: [logRequest(log, new Set())],
    now: () => 0,
    newId: () => "made",
    onFault: (fault) => faults.push(fault),
  });
  const answer = (id: string, change?: (context: RequestContext) => void): void => {
    const context = requests.open(new Request("http://gateway/", { headers: { "x-request-id": id } }), "/x");
    change?.(context);
    context.finish("answered");
  };
  const lines = () => text.split("\n").filter((line) => line !== "");
  return { log, answer, faults, lines, json: () => lines().map((line) => JSON.parse(line) as Record<string, unknown>) };
}

/** Each breaks what writes the line of a request, at another moment. */
const BREAKS: Readonly<Record<string, (context: RequestContext) => void>> = {
  "its cause has no text": (context) => {
    Object.assign(context, { failure: "internal", cause: Object.create(null) });
  },
  "a member is no text": (context) => context.admitted({ kind: "key", name: 5n as unknown as string }),
  "a member is of no kind": (context) => context.selected("p", {} as unknown as string),
  "a member cannot be read": (context) => {
    const principal = {
      kind: "key",
      get name() {
        return thrower();
      },
    } as const;
    context.admitted(principal);
  },
  "its usage is unfit": (context) =>
    context.used({ inputTokens: 3n as unknown as number, outputTokens: 5n as unknown as number }),
};

describe.each(["json", "pretty"])("as %s lines", (form) => {
  test.each(Object.entries(BREAKS))("%s: a short line says so, and all others are written", async (_, change) => {
    const { answer, faults, lines, log } = setUp(form === "json" ? undefined : (line) => `» ${line}`);
    answer("a");
    answer("b", change);
    answer("c");
    log.info("between");
    answer("d");
    await settle();

    const ids = lines().map((line) => JSON.parse(line.replace("» ", "")) as Record<string, unknown>);
    expect(ids.map(({ request_id: id, msg }) => [id, msg])).toEqual([
      ["a", "request"],
      ["b", "the line of a request could not be written"],
      ["c", "request"],
      [undefined, "between"],
      ["d", "request"],
    ]);
    expect(ids[1]).toMatchObject({ level: "error", environment: "lab", cause: expect.any(String) });
    expect(log.lostLines()).toEqual({ info: 0, failures: 1 });
    expect(faults).toEqual([]);
  });
});

test("a line whose other form cannot be made is written as JSON", async () => {
  const { answer, lines, log } = setUp((line) => (line.includes('"b"') ? thrower() : `» ${line}`));
  answer("a");
  answer("b");
  log.warn({ server: "b" }, "a warning");
  answer("c");
  await settle();
  expect(lines().map((line) => line.slice(0, 2))).toEqual(["» ", '{"', '{"', "» "]);
});

test("what takes copies of lines may fail", async () => {
  const { answer, json, log } = setUp();
  log.copyLines(thrower);
  log.warn("first");
  answer("a");
  answer("b");
  await settle();
  log.warn("last");
  await settle();
  expect(json().map(({ msg, request_id: id }) => id ?? msg)).toEqual(["first", "a", "b", "last"]);
});

test("one of several who defer lines may fail", () => {
  const faults: string[] = [];
  const written: string[] = [];
  const deferred = createDeferredWrites((fault) => faults.push(String(fault)));
  deferred.add(thrower);
  deferred.add(() => written.push("a"));
  deferred.catchUp();
  deferred.catchUp();
  expect([written, faults]).toEqual([
    ["a", "a"],
    ["Error: unfit", "Error: unfit"],
  ]);
  expect(deferred.isCatchingUp()).toBe(false);
});
