import { describe, expect, test } from "bun:test";
import { configOf, loadFile } from "../config/file/load-file.ts";
import { codeBlocks, GUIDE, readPage } from "./markdown.ts";

const examples = codeBlocks(readPage(`${GUIDE}/routing.md`)).filter(({ language }) => language === "yaml");

/** The variables that an example fills in, and of one without providers their keys. */
function environmentOf(text: string): Record<string, string> {
  const names = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = ""]) => name);
  const keys = text.includes("providers:") ? [] : ["OPENAI_API_KEY", "GROQ_API_KEY"];
  const valueOf = (name: string, index: number): string => {
    if (name.endsWith("URL")) return "http://127.0.0.1:8001/v1";
    return name.endsWith("PORT") ? "8001" : `sk-${index}`;
  };
  return Object.fromEntries([...names, ...keys].map((name, index) => [name, valueOf(name, index)]));
}

describe("the page on routing", () => {
  test("starts from three examples", () => {
    expect(examples.slice(0, 3).map(({ section }) => section)).toEqual([
      "Two keys of one provider",
      "Local first, then hosted",
      "Cheap first, then good",
    ]);
  });

  test.each(examples.map(({ section, code }) => [section, code] as const))(
    "%s: is accepted, without a warning",
    async (_, code) => {
      expect(await loadFile(code, environmentOf(code))).toMatchObject({ ok: true, warnings: [] });
    },
  );
});

test("the first example has two keys, each of them a deployment of its own", async () => {
  const [{ code } = { code: "" }] = examples;
  const { keyedProviders } = await configOf(code, environmentOf(code));
  expect(keyedProviders.get("openai")?.map(({ key }) => key)).toEqual(["sk-0", "sk-1"]);
});

describe("a file of the benchmarks", () => {
  test.each(["bench/endurance/chaos.yaml", "bench/targets/alias.yaml"])("%s is accepted", async (page) => {
    const text = readPage(page);
    expect(await loadFile(text, environmentOf(text))).toMatchObject({ ok: true, warnings: [] });
  });
});
