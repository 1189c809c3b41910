import { describe, expect, test } from "bun:test";
import { configOf, problemsOf } from "../config/file/load-file.ts";
import { codeBlocks, GUIDE, readPage } from "./markdown.ts";

const examples = codeBlocks(readPage(`${GUIDE}/routing.md`)).filter(({ language }) => language === "yaml");

/** Whatever an example takes from the environment. */
const environmentOf = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = ""], index) => [name, `sk-example-${index}`]));

const inAnyCase = (environment: Record<string, string>) => ({
  ...environment,
  OPENAI_API_KEY: "sk-openai",
  GROQ_API_KEY: "sk-groq",
});

/** Until the configuration file has models. */
const hasModels = (await problemsOf("models: {}")).every((problem) => !problem.includes("models is not known"));

describe("the page on routing", () => {
  test("starts from three examples", () => {
    expect(examples.slice(0, 3).map(({ section }) => section)).toEqual([
      "Two keys of one provider",
      "Local first, then hosted",
      "Cheap first, then good",
    ]);
  });

  test.skipIf(!hasModels).each(examples.map(({ section, code }) => [section, code] as const))(
    "%s: is accepted",
    async (_, code) => {
      expect(await problemsOf(code, inAnyCase(environmentOf(code)))).toEqual([]);
      await configOf(code, inAnyCase(environmentOf(code)));
    },
  );
});

describe.skipIf(!hasModels)("the benchmarks' files", () => {
  const BENCH_FILES = ["bench/endurance/chaos.yaml", "bench/targets/alias.yaml"];
  test.each(BENCH_FILES)("%s is accepted", async (page) => {
    const ports = Object.fromEntries(
      ["ALPHA", "BRAVO", "CHARLIE", "DELTA", "ECHO"].map((id) => [`${id}_PORT`, "8001"]),
    );
    expect(await problemsOf(readPage(page), { ...ports, OPENAI_API_KEY: "sk-openai" })).toEqual([]);
  });
});
