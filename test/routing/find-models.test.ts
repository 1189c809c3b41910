import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createProvider } from "../upstream/open-upstream.ts";
import { findJsonModels, type JsonModelOptions } from "../../src/routing/find-json-models.ts";
import { addParameter, findUrlModels } from "../../src/routing/find-url-models.ts";
import { createModelNames, foldMember, isModelMember, type ModelNames } from "../../src/routing/model-names.ts";
import { canonicalModelName, MAX_MODEL_NAME_LENGTH } from "../../src/routing/model-name.ts";
import { cpuGrowth, LINEAR } from "../fixtures/cpu-growth.ts";
import { outcomeOf } from "../fixtures/rejection.ts";
import { propertyRuns } from "../fixtures/property-runs.ts";

function collect(find: (found: ModelNames) => void) {
  const all = new Set<string>();
  const deciding = new Set<string>();
  find({
    isEmpty: true,
    add(name, decides) {
      all.add(name);
      if (decides) deciding.add(name);
    },
    requested: () => undefined,
    refused: () => undefined,
  });
  return { all: [...all].toSorted(), deciding: [...deciding].toSorted() };
}

const ofJson = (text: string, options: JsonModelOptions = { skipsData: false }) =>
  collect((found) => findJsonModels(Buffer.from(text), found, options));
const ofUrl = (path: string) => collect((found) => findUrlModels(`https://h.example${path}`, found)).all;

describe("in JSON", () => {
  test("whatever the layout of the text", () => {
    const text = ' {\n"model" :\t"a" , "x" : [ { "models":["b" ,\n"c"] , "n":1.5e3 } , null ] ,"fallbacks":\r\n["d"]} ';
    expect(ofJson(text)).toEqual({ all: ["a", "b", "c", "d"], deciding: ["a", "d"] });
  });

  test("texts that look like members are none", () => {
    expect(ofJson('{"a":"\\"model\\":\\"x\\"","b":["model","x"],"c":"model"}').all).toEqual([]);
  });

  test("a member that stands twice counts twice, and escapes are read", () => {
    expect(ofJson('{"m\\u006fdel":"a","model":"\\u0062","model":"c\\n"}').all).toEqual(["a", "b", "c\n"]);
  });

  test("a later member of an object is not taken for one of a closed list", () => {
    expect(ofJson('{"models":["a"],"x":"b","y":[{"model":"c"},"d"],"z":"e"}').all).toEqual(["a", "c"]);
  });

  test("an object that stands for a model names it by its id, its name or its slug", () => {
    const text = '{"model":{"id":"a","provider":"x"},"models":[{"name":"b"},{"slug":"c","d":{"name":"e"}}]}';
    expect(ofJson(text).all).toEqual(["a", "b", "c"]);
  });

  test("a provider's own members count on the outside only", () => {
    const options = { skipsData: false, members: new Set(["name"]) };
    expect(ofJson('{"Name":"a","x":{"name":"b"}}', options).all).toEqual(["a"]);
  });

  test("all that a walk over the parsed value finds", () => {
    const key = fc.oneof(
      fc.constantFrom(
        "model",
        "models",
        "Model",
        "model_id",
        "session",
        "body",
        "audio",
        "input",
        "messages",
        "id",
        "x",
      ),
      fc.string(),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.constantFrom("a", "b", "c"),
        fc.constant(null),
        fc.double(),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
      ),
    }));
    const walk = (value: unknown, names: boolean, found: Set<string>): Set<string> => {
      if (typeof value === "string" && names && value !== "") found.add(value);
      if (Array.isArray(value)) for (const element of value) walk(element, names, found);
      else if (typeof value === "object" && value !== null) {
        for (const [member, inner] of Object.entries(value)) {
          const within = names && ["id", "name", "slug"].includes(foldMember(member));
          walk(inner, isModelMember(member) || within, found);
        }
      }
      return found;
    };
    fc.assert(
      fc.property(fc.dictionary(key, tree), fc.constantFrom(undefined, 2), (value, space) => {
        expect(ofJson(JSON.stringify(value, null, space)).all).toEqual([...walk(value, false, new Set())].toSorted());
      }),
    );
  });

  test.each([
    ["keys", (count: number) => `{${'"":0,'.repeat(count)}"a":0}`],
    ["names", (count: number) => `{"models":[${'"x",'.repeat(count)}"x"]}`],
    ["empty lists", (count: number) => `{"a":[${"[],".repeat(count)}[]]}`],
    ["backslashes", (count: number) => `{"a":"${"\\\\".repeat(count)}"}`],
    ["models of models", (count: number) => `${'{"model":'.repeat(count)}"x"${"}".repeat(count)}`],
    ["data", (count: number) => `{${'"messages":[],'.repeat(count)}"a":0}`],
  ])("time grows with the number of %s", async (_, make) => {
    const growth = await cpuGrowth(40_000, (count) => {
      const text = Buffer.from(make(count));
      return () => findJsonModels(text, createModelNames(), { skipsData: true });
    });
    expect(growth).toBeLessThan(LINEAR);
  });

  test("in a long text too, which is searched in turns", async () => {
    const item = (index: number): string =>
      `{"model":"m${index % 9}","messages":[{"model":"data"},["${"x".repeat(index % 40)}"]],"x":{"models":["n\\u0030"]}}`;
    const items = (count: number): string => Array.from({ length: count }, (_, index) => item(index)).join(",");
    for (const skipsData of [true, false]) {
      const short = ofJson(`{"requests":[${items(9)}]}`, { skipsData });
      const all = new Set<string>();
      const deciding = new Set<string>();
      const add: ModelNames["add"] = (name, decides) => {
        all.add(name);
        if (decides) deciding.add(name);
      };
      const text = Buffer.from(`{"requests":[${items(20_000)}]}`);
      let turns = 0;
      let isOver = false;
      const count = (): void => {
        turns++;
        if (!isOver) setImmediate(count);
      };
      count();
      await findJsonModels(text, { ...createModelNames(), add }, { skipsData });
      isOver = true;
      expect({ all: [...all].toSorted(), deciding: [...deciding].toSorted() }).toEqual(short);
      expect(all.has("data")).toBe(!skipsData);
      expect(turns).toBeGreaterThan(1);
    }
  });

  test("names beyond ASCII that are long together are refused before they are folded", () => {
    const short = Array.from({ length: 70 }, (_, index) => JSON.stringify({ model: `${index}`.padEnd(1024, "ﷺ") }));
    const found = createModelNames();
    const add = (): void => {
      for (const text of short) findJsonModels(Buffer.from(text), found, { skipsData: false });
    };
    expect(add).toThrow("more than 65536 characters");
    const equal = createModelNames();
    for (let round = 0; round < 100; round++) {
      findJsonModels(Buffer.from(short[0] ?? ""), equal, { skipsData: false });
    }
    expect(equal.requested()).toHaveLength(1024);
  });

  test("a long text is not searched on for a client that left", async () => {
    const text = Buffer.from(`[${'{"a":0},'.repeat(1_000_000)}0]`);
    const stop = { signal: AbortSignal.abort() };
    expect(await outcomeOf(findJsonModels(text, createModelNames(), { skipsData: false, stop }))).toThrow(
      "The client closed",
    );
  });
});

describe("in an address", () => {
  test.each([
    ["/v1/models", []],
    ["/v1/models/", []],
    ["/v1/models/a", ["a"]],
    ["/v1//models//org/a/", ["org/a"]],
    ["/v1beta/models/a:generateContent?key=k", ["a"]],
    ["/v1beta/models/a:predict", ["a"]],
    ["/v1/models/llama3:70b", ["llama3:70b"]],
    ["/v1/models/a%3Alatest", ["a:latest"]],
    ["/v1beta/tunedModels/a:generateContent", ["tunedModels/a"]],
    ["/v1/projects/p/locations/l/publishers/google/models/a:predict", ["a"]],
    [
      "/model/arn%3Aaws%3Abedrock%3Ax%3Aapplication-inference-profile%2Fabc/converse",
      ["arn:aws:bedrock:x:application-inference-profile/abc"],
    ],
    ["/hf-inference/models/org/a/v1/chat/completions", ["org/a"]],
    ["/openai/deployments/a/embeddings", ["a"]],
    ["/openai/deployments/a/extensions/models/b", ["a", "b"]],
    ["/ai/run/@cf/meta/llama", ["@cf/meta/llama"]],
    ["/accounts/a/ai/run/openai/gpt-oss", ["openai/gpt-oss"]],
    ["/v1/threads/t/runs/run/r", []],
    ["/v1/realtime?model=a&intent=transcription&Deployment-ID=b", ["a", "b"]],
    ["/x?modelling=a&supermodels=b", ["b"]],
  ])("%s", (path, names) => {
    expect(ofUrl(path)).toEqual(names);
  });

  test.each(["/v1/models%2Fa", "/v1/x%252fmodels/a", "/v1/deployments%5Ca", `/${"models/".repeat(10)}a`])(
    "%s is refused",
    (path) => {
      expect(() => ofUrl(path)).toThrow("Path is not allowed");
    },
  );
});

describe("the canonical name", () => {
  const provider = { ...createProvider("mock"), impliedNameParts: [/^models\//, /:latest$/] };

  test("is one for all spellings", () => {
    for (const name of [
      "a-1",
      " A-1\t",
      "mock/a-1",
      "MOCK/models/mock/a-1:latest",
      "models/\u200ba-1",
      "\uff41-1",
      "a\u00ad-1",
    ]) {
      expect([name, canonicalModelName(provider, name)]).toEqual([name, "a-1"]);
    }
  });

  test("of a canonical name is itself, whatever it was made of", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (name) => {
        const canonical = canonicalModelName(provider, name);
        expect(canonicalModelName(provider, canonical)).toBe(canonical);
        expect(canonical).not.toMatch(/[\p{White_Space}\p{C}\p{Default_Ignorable_Code_Point}]/u);
      }),
      propertyRuns(300),
    );
  });
});

test("fallbacks by model are models, and what else a fallback lists is not", () => {
  const names: string[] = [];
  const found = { ...createModelNames(), add: (name: string) => void names.push(name) };
  const body = {
    fallbacks: [{ a: ["b", "c"] }, { model: "d", stop: ["e"], n: [1] }],
    context_window_fallbacks: { f: ["g"] },
  };
  findJsonModels(Buffer.from(JSON.stringify(body)), found, { skipsData: true });
  expect(names).toEqual(["b", "c", "d", "g"]);
});

describe("the names of one request", () => {
  const longest = (index: number): string => String(index).padStart(MAX_MODEL_NAME_LENGTH, "\ufdfa");

  test("beyond ASCII may be 64 Ki characters long together: each of them is folded", () => {
    const found = createModelNames();
    for (let index = 0; index < 64; index += 1) found.add(longest(index), false);
    found.add("a".repeat(MAX_MODEL_NAME_LENGTH + 1), false);
    found.add(longest(0), false);
    found.add("a", false);
    expect(() => found.add("\ufdfa", false)).toThrow("more than 65536 characters together");
  });

  test.each([
    ["a,b", ["a", "b"]],
    ["a,".repeat(MAX_MODEL_NAME_LENGTH), undefined],
  ])("a parameter is taken apart only if a name could be as long", (value, readings) => {
    const added: unknown[] = [];
    const found = { ...createModelNames(), add: (...parts: unknown[]) => void added.push(parts) };
    addParameter(value, found);
    expect(added).toEqual([[value, true, readings]]);
  });
});
