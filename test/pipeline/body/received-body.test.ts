import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { RequestContext } from "../../../src/core/request-context.ts";
import { DEFAULT_JSON_LIMITS } from "../../../src/core/json/limits.ts";
import { CHAT } from "../../../src/formats/chat/format.ts";
import { COMPLETIONS } from "../../../src/formats/completions/format.ts";
import { EMBEDDINGS } from "../../../src/formats/embeddings/format.ts";
import type { Format } from "../../../src/formats/format.ts";
import { MESSAGES } from "../../../src/formats/messages/format.ts";
import { RESPONSES } from "../../../src/formats/responses/format.ts";
import { acceptBody } from "../../../src/pipeline/body/accept-body.ts";
import type { AskedInPath } from "../../../src/pipeline/read-path.ts";
import {
  lackingMembers,
  memberOf,
  parsed,
  type ReceivedBody,
  UnparsedBody,
} from "../../../src/pipeline/body/received-body.ts";
import { anyChoices, anyWritten, writeObject } from "../../core/json/write-json.ts";
import { createTestBudget } from "../../fixtures/memory-budget.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

const PARTS = { memory: createTestBudget(), jsonLimits: DEFAULT_JSON_LIMITS, strictChecks: undefined };
const CONTEXT = {} as RequestContext;
const CHECKS_NOTHING: Format = { ...CHAT, checkRequired: () => undefined };
const request = new Request("http://localhost/", { method: "POST" });

function accept(text: string, inPath?: AskedInPath, format: Format = CHECKS_NOTHING): ReceivedBody {
  const body = acceptBody({ context: CONTEXT, request, format, bytes: Buffer.from(text), inPath }, PARTS);
  if (body instanceof Promise) throw new Error("short bodies are accepted at once");
  return body;
}

const READ = [
  ...(["model", "stream", "stream_options", "messages", "input", "contents", "max_tokens", "tools"] as const),
  ...(["generationConfig", "generation_config", "previous_response_id", "store"] as const),
] as const;

describe("a body that is not parsed", () => {
  test("has the members that its value would have, whatever is repeated and however it is spelt", () => {
    const name = fc.constantFrom(...READ, "Model", "ſtream", "STREAM", "generationconfig", "__proto__", "x");
    const members = fc.array(fc.record({ name, value: anyWritten }), { maxLength: 6 });
    const inPath = fc.option(fc.record({ model: fc.string(), stream: fc.boolean() }), { nil: undefined });
    fc.assert(
      fc.property(members, anyChoices, inPath, (written, choices, path) => {
        const { text } = writeObject(written, choices);
        const expected: Record<string, unknown> = { ...(JSON.parse(text) as object), ...path };
        for (const read of READ) {
          const body = accept(text, path);
          expect(body).toBeInstanceOf(UnparsedBody);
          expect(memberOf(body, read)).toEqual(expected[read]);
        }
        const lacking = READ.filter((read) => !Object.hasOwn(expected, read));
        expect(lackingMembers(accept(text, path), READ)).toEqual(lacking);
        const body = accept(text, path);
        expect(body.value).toEqual(expected);
        expect(lackingMembers(body, READ)).toEqual(lacking);
        for (const read of READ) expect(memberOf(body, read)).toEqual(expected[read]);
      }),
      propertyRuns(300),
    );
  });

  test("is parsed in turns if it is long and somebody asks", async () => {
    const value = { model: "m", input: "x".repeat(200_000) };
    const body = accept(JSON.stringify(value));
    const parsing = parsed(body, request);
    expect(parsing).toBeInstanceOf(Promise);
    await parsing;
    expect(parsed(body, request)).toBeUndefined();
    expect(body.value).toEqual(value);
    expect(parsed(accept('{"model":"m"}'), request)).toBeUndefined();
  });

  test.each([
    ["a model that is long", `{"model":${"[".repeat(30)}${"[],".repeat(70_000)}[]${"]".repeat(30)}}`],
    ["a model that is repeated", `{"model":"a","input":"${"x".repeat(200_000)}","model":1}`],
  ])("is parsed in turns before it is looked at, if it has %s", async (_, text) => {
    const accepting = acceptBody(
      { context: CONTEXT, request, format: CHAT, bytes: Buffer.from(text), inPath: undefined },
      PARTS,
    );
    expect(accepting).toBeInstanceOf(Promise);
    const outcome = await (accepting as Promise<ReceivedBody>).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: "invalid_request", details: { message: "model must be a string" } });
  });

  test("is given up if its client leaves meanwhile", async () => {
    const controller = new AbortController();
    const body = accept(JSON.stringify({ model: "m", input: "x".repeat(200_000) }));
    controller.abort();
    const outcome = await parsed(body, controller)?.catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: "client_gone" });
  });
});

const FORMATS = [CHAT, COMPLETIONS, EMBEDDINGS, MESSAGES, RESPONSES];

/** What a request is refused with, whether it is parsed first or not. */
function verdict(text: string, format: Format): unknown {
  try {
    return accept(text, undefined, format) instanceof UnparsedBody;
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: { param: string } };
    return [code, message, details.param];
  }
}

describe.each(FORMATS.map((format) => [format.api, format] as const))("%s: what must be there", (_, format) => {
  test.each([
    ["{}", ["invalid_request", "model is required", "model"]],
    ['{"model":""}', ["invalid_request", "model must not be empty", "model"]],
    ['{"model":null}', ["invalid_request", "model must be a string", "model"]],
    ['{"Model":"x"}', ["invalid_request", "model is required", "model"]],
    ['{"model":"x","model":1}', ["invalid_request", "model must be a string", "model"]],
    ['{"model":1,"mod\\u0065l":"x"}', true],
    ['{"model":"x","stream":null,"max_tokens":"any"}', true],
  ])("%s", (text, expected) => {
    expect(verdict(text, format)).toEqual(expected);
  });

  test("its check reads the model and the stream alone", () => {
    const read = new Set<string>();
    const seen = (value: object): object =>
      new Proxy(value, {
        get: (target, name) => (read.add(String(name)), Reflect.get(target, name) as unknown),
        getOwnPropertyDescriptor: (target, name) => (
          read.add(String(name)),
          Reflect.getOwnPropertyDescriptor(target, name)
        ),
        ownKeys: (target) => (read.add("all"), Reflect.ownKeys(target)),
      });
    for (const value of [{ model: "x", stream: true }, { model: "x" }, {}, { model: "x", stream: 1 }]) {
      format.checkRequired(seen(value));
    }
    expect([...read].filter((name) => name !== "model" && name !== "stream")).toEqual([]);
  });
});
