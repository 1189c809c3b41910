import { jscDescribe } from "bun:jsc";
import { expect, test } from "bun:test";
import { createNewTraces } from "../../../src/telemetry/traces/new-traces.ts";
import { createBeginTrace } from "../../../src/telemetry/traces/request-traces.ts";
import { createTraceIds } from "../../../src/telemetry/traces/trace-ids.ts";

/** Code is compiled for objects with the same one of these. */
const formOf = (value: object | undefined): string | undefined =>
  value && /Structure (\S+?):/.exec(jscDescribe(value))?.[1];

function beginner(isSampled: boolean) {
  return createBeginTrace({
    ids: createTraceIds(),
    newTraces: createNewTraces(() => isSampled),
    sample: () => isSampled,
    propagators: new Set(["tracecontext", "baggage"]),
    quietRoutes: new Set(),
    now: () => 1,
    operationOf: () => "chat",
    capturesContent: false,
  });
}

/** The forms of a trace and its call, if it is recorded. */
function formsOfOne(begin: ReturnType<typeof beginner>) {
  const trace = begin(new Headers(), "/v1/chat/completions");
  const request = { method: "POST", route: "/v1/chat/completions", streaming: false, usage: undefined };
  const flags = trace?.sampledId === undefined ? "00" : "01";
  expect(trace?.nextHeaders()).toMatch(new RegExp(`^traceparent: 00-${trace?.id}-[0-9a-f]{16}-${flags}\r\n$`));
  if (!trace?.isRecorded) return { trace, forms: [formOf(trace), undefined] };
  const call = trace.call(request, { kind: "first", provider: "openai", model: "m", url: "http://localhost/v1" });
  call.responded(200, Buffer.from('{"model":"m"}'));
  call.settled();
  call.ended();
  return { trace, forms: [formOf(trace), formOf(call)] };
}

test("one in eight of what is not sampled is recorded as what is, or code would be compiled for one and again for both", () => {
  const { trace, forms } = formsOfOne(beginner(true));
  expect(trace?.sampledId).toBe(trace?.id);
  expect(forms.every((form) => form !== undefined)).toBe(true);
  const begin = beginner(false);
  const others = Array.from({ length: 64 }, () => formsOfOne(begin));
  expect(others.every((other) => other.trace?.sampledId === undefined && other.forms[0] === forms[0])).toBe(true);
  expect(others.filter((other) => other.forms[1] === forms[1])).toHaveLength(8);
  expect(others.filter((other) => other.forms[1] === undefined)).toHaveLength(56);
});
