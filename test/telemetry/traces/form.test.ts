import { jscDescribe } from "bun:jsc";
import { expect, test } from "bun:test";
import { createBeginTrace } from "../../../src/telemetry/traces/request-traces.ts";
import { createTraceIds } from "../../../src/telemetry/traces/trace-ids.ts";

/** Code is compiled for objects with the same one of these. */
const formOf = (value: object | undefined): string | undefined =>
  value && /Structure (\S+?):/.exec(jscDescribe(value))?.[1];

test("what is sampled has the form of what is not, or code would be compiled for one and again for both", () => {
  const forms = [true, false].map((isSampled) => {
    const begin = createBeginTrace({
      ids: createTraceIds(),
      sample: () => isSampled,
      propagators: new Set(["tracecontext", "baggage"]),
      quietRoutes: new Set(),
      now: () => 1,
      operationOf: () => "chat",
      capturesContent: false,
    });
    const trace = begin(new Headers(), "/v1/chat/completions");
    const request = { method: "POST", route: "/v1/chat/completions", streaming: false, usage: undefined };
    const call = trace?.call(request, { kind: "first", provider: "openai", model: "m", url: "http://localhost/v1" });
    call?.responded(200, Buffer.from('{"model":"m"}'));
    call?.settled();
    call?.ended();
    expect(trace?.sampledId).toBe(isSampled ? trace?.id : undefined);
    return [formOf(trace), formOf(call), formOf(call?.headers)];
  });
  expect(forms[0]).toEqual(forms[1]);
  expect(forms[0]?.every((form) => form !== undefined)).toBe(true);
});
