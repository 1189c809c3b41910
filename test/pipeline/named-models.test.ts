import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { checkObject } from "../../src/core/json/check-syntax.ts";
import { decodeObject } from "../../src/core/json/decode-object.ts";
import { editObject } from "../../src/core/json/edit.ts";
import { DEFAULT_JSON_LIMITS } from "../../src/core/json/limits.ts";
import { otherModels } from "../../src/pipeline/named-models.ts";
import { requireSingleMember, watchDecisive } from "../../src/pipeline/body/prepare-body.ts";
import { DECISIVE_NAMES, type ReceivedBody, UnparsedBody } from "../../src/pipeline/body/received-body.ts";
import { findJsonModels } from "../../src/routing/find-json-models.ts";
import type { ModelNames } from "../../src/routing/model-names.ts";
import { anyChoices, type Written, type WrittenMember, writeObject } from "../core/json/write-json.ts";
import { propertyRuns } from "../fixtures/property-runs.ts";
import { createProvider } from "../upstream/open-upstream.ts";

const RECORDED = resolve(import.meta.dir, "../../../shared/recorded");
const REQUEST = new Request("http://gateway/");

/** The bytes as admission has them: only checked, parsed, and without what a pass over them has found. */
function bodiesOf(bytes: Buffer): readonly ReceivedBody[] {
  const decoded = decodeObject(bytes, { names: DECISIVE_NAMES });
  if ("fault" in decoded) return [];
  const checked = checkObject(bytes, { limits: DEFAULT_JSON_LIMITS, names: DECISIVE_NAMES });
  if (checked instanceof Promise) throw new Error("short texts are checked at once");
  const { value, watch: members } = decoded;
  const unparsed = checked ? [new UnparsedBody(bytes, checked, undefined)] : [];
  return [...unparsed, { bytes, value, members }, { bytes, value }];
}

type Found = readonly (readonly [name: string, decides: boolean])[];

/** What is found, in order. */
function search(bytes: Uint8Array, options: Omit<Parameters<typeof findJsonModels>[2], "skipsData">): Found {
  const found: (readonly [string, boolean])[] = [];
  const add = (name: string, decides: boolean): void => void found.push([name, decides]);
  const searching = findJsonModels(Buffer.from(bytes), { add }, { skipsData: true, ...options });
  expect(searching).toBeUndefined();
  return found;
}

/** All of them, in order. */
function namesIn(names: ModelNames): readonly string[] {
  const all: string[] = [];
  const refusal = (_: unknown, name: string): undefined => void all.push(name);
  names.refused({ active: true, refusal, judgeName: () => "each" }, createProvider("mock"));
  return all;
}

/** What the search finds in a text from which the name that was judged has been cut out. */
function othersByCopy(body: ReceivedBody): readonly string[] {
  const member = requireSingleMember(body, "model");
  const rest = member ? editObject(body.bytes, [{ kind: "remove", member }]) : body.bytes;
  return [...new Set(search(rest, {}).map(([name]) => name))];
}

function outcome(find: () => readonly string[]): readonly string[] | string {
  try {
    return find();
  } catch (error) {
    return String(error);
  }
}

/** What is passed over at once must be what the search would have passed over step by step. */
function expectSame(bytes: Buffer): void {
  for (const body of bodiesOf(bytes)) {
    const { bytes: own } = body;
    expect(search(own, { watch: watchDecisive(body) })).toEqual(search(own, {}));
    const others = outcome(() => {
      const names = otherModels(REQUEST, body, "");
      if (names instanceof Promise) throw new Error("short texts are searched at once");
      expect(names.isEmpty).toBe(namesIn(names).length === 0);
      return namesIn(names);
    });
    expect(others).toEqual(outcome(() => othersByCopy(body)));
  }
}

const KEYS = [
  ...[
    "model",
    "Model",
    "MODEL",
    "mo-del",
    "model_id",
    "models",
    "deployment",
    "fallbacks",
    "fallbac\u212as",
    "model\u017f",
  ],
  ...["messages", "Messages", "input", "prediction", "system", "prompt", "contents", "metadata", "content", "schema"],
  ...[
    "tools",
    "function",
    "parameters",
    "session",
    "audio",
    "body",
    "requests",
    "params",
    "response",
    "id",
    "name",
    "x",
  ],
] as const;

const literal = (text: string): Written => ({ kind: "literal", text });
const string = (value: string): Written => ({ kind: "string", value });

const { written, member } = fc.letrec<{ written: Written; member: WrittenMember }>((tie) => ({
  written: fc.oneof(
    { maxDepth: 4, depthIdentifier: "models" },
    fc.constantFrom("0", "-1.5e-7", "true", "null").map(literal),
    fc.constantFrom("gpt-4o", "bad", "model", '"model":"bad"', '","model":"bad', "\\", "}", "").map(string),
    fc
      .array(tie("written"), { maxLength: 3, depthIdentifier: "models" })
      .map((items): Written => ({ kind: "array", items })),
    fc
      .array(tie("member"), { maxLength: 4, depthIdentifier: "models" })
      .map((members): Written => ({ kind: "object", members })),
  ),
  member: fc.record({ name: fc.constantFrom(...KEYS), value: tie("written") }),
}));

const anyBody = fc
  .tuple(fc.array(member, { maxLength: 6 }), written, anyChoices)
  .map(([members, model, choose]) =>
    writeObject(choose(2) === 0 ? [...members, { name: "model", value: model }] : members, choose),
  );

/** What a hostile client puts into a text that is good. */
const PIECES = ["{", "}", "[", "]", ",", ":", '"', "\\", "\\u0065", "\\\\", " ", "e", "model", '"model":"bad",', "é"];

describe("what is passed over is what the search leaves out", () => {
  test("in any text, however it is spelt", () => {
    fc.assert(
      fc.property(anyBody, ({ text }) => expectSame(Buffer.from(text))),
      propertyRuns(400),
    );
  });

  test("in texts in which something was put, replaced or cut out", () => {
    const change = fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom("", ...PIECES));
    fc.assert(
      fc.property(anyBody, fc.array(change, { minLength: 1, maxLength: 3 }), ({ text }, changes) => {
        const changed = changes.reduce((before, [at, cut, put]) => {
          const place = at % (before.length + 1);
          return before.slice(0, place) + put + before.slice(place + cut);
        }, text);
        expectSame(Buffer.from(changed));
      }),
      propertyRuns(2000),
    );
  });

  test("in what clients of providers have sent", () => {
    if (!existsSync(RECORDED)) return;
    const files = readdirSync(RECORDED, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json"));
    for (const file of files) {
      const bytes = readFileSync(join(RECORDED, file));
      if (bytes.length < 64 * 1024) expectSame(bytes);
    }
  });
});

describe("the other models of a request", () => {
  test.each<[text: string, others: readonly string[] | string]>([
    ['{"model":"a","messages":[{"model":"data"}]}', []],
    ['{"messages":[{"content":"\\"model\\":\\"x\\""}],"model":"a"}', []],
    ['{"model":"a","models":["b"]}', ["b"]],
    ['{"model":"a","Messages":[{"model":"b"}]}', ["b"]],
    ['{"model":"a","mess\\u0061ges":[{"model":"b"}]}', []],
    ['{"model":"a","messages":[],"messages":{"model":"b"}}', []],
    ['{"messages":[],"x":{"model":"b"},"model":"a"}', ["b"]],
    ['{"model":"a","tools":[{"type":"image_generation","model":"b"}]}', ["b"]],
    ['{"model":"a","tools":[{"function":{"parameters":{"properties":{"model":{"enum":["b"]}}}}}]}', []],
    ['{"model":"a","extra_body":{"mod\\u0065l":"b"}}', ["b"]],
    ['{"model":"a","fallbac\u212as":["b"]}', ["b"]],
    ['{"model":"a","x":{"fallbacks":[{"c":["d"]}]}}', ["d"]],
    ['{"model":{"id":"a"},"input":{"model":"b"},"deploymentId":"c"}', ["c"]],
    ['{"model":"a","model":"b"}', "model must not be given more than once"],
    ['{"model":"a","mod\\u0065l":"b"}', "model must not be given more than once"],
    ['{"model":"a","MODEL":"b"}', "model must not be given more than once"],
  ])("of %s", (text, others) => {
    for (const body of bodiesOf(Buffer.from(text))) {
      const found = outcome(() => namesIn(otherModels(REQUEST, body, "") as ModelNames));
      if (typeof others === "string") expect(found).toContain(others);
      else expect(found).toEqual(others);
    }
  });

  test("are those of its query, too, behind those of its body", () => {
    const [body] = bodiesOf(Buffer.from('{"model":"a","models":["b"]}'));
    const names = body && otherModels(REQUEST, body, "?Model=c&x=model");
    expect(names && !(names instanceof Promise) && namesIn(names)).toEqual(["b", "c"]);
  });

  test("a long conversation beside them is no reason to wait", async () => {
    const words = "x".repeat(200_000);
    const bytes = Buffer.from(JSON.stringify({ model: "a", messages: [words], models: ["b"] }));
    const watched = { bytes, value: {}, members: watchDecisive({ bytes, value: {} }) };
    const names = otherModels(REQUEST, watched, "");
    expect(!(names instanceof Promise) && namesIn(names)).toEqual(["b"]);
    const long = Buffer.from(JSON.stringify({ model: "a", documents_of_mine: [words], models: ["b"] }));
    expect(namesIn(await otherModels(REQUEST, { bytes: long, value: {} }, "?model=c"))).toEqual(["b", "c"]);
  });
});
