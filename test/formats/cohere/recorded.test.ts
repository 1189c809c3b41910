import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { isJsonObject, type JsonObject } from "../../../src/core/json/parse.ts";
import { readAnswer } from "../../../src/formats/cohere/read-answer.ts";
import { listOf, objectOf } from "../../../src/core/json/values.ts";
import { target } from "../messages/conversations.ts";

/** Lies beside the project and is no part of it, so a clone has none. */
const FOLDER = resolve(import.meta.dir, "../../../../shared/recorded/cohere");
const isPresent = existsSync(FOLDER);

interface Exchange {
  readonly request: { readonly model: string };
  readonly body: JsonObject;
}

const names = isPresent ? [...new Bun.Glob("chat-*.json").scanSync(FOLDER)].toSorted() : [];
const recorded = await Promise.all(
  names.map(async (name) => [name, (await Bun.file(join(FOLDER, name)).json()) as Exchange] as const),
);

describe.skipIf(!isPresent)("recorded answers", () => {
  test.each(recorded)("%s", (_, { request, body }) => {
    const answer = readAnswer(body, target(request.model, "cohere"));
    if ("error" in answer) throw new Error(answer.error.message);
    const message = objectOf(body["message"]) ?? {};
    const said = listOf(message["content"]).filter(isJsonObject);
    const plan = message["tool_plan"];
    const calls = listOf(message["tool_calls"]).filter(isJsonObject);
    expect(answer.blocks.map((block) => (block.type === "call" ? block.input : "text" in block && block.text))).toEqual(
      [
        ...said.map((part) => part["thinking"] ?? part["text"]),
        ...(plan === undefined ? [] : [plan]),
        ...calls.map((call) => objectOf(call["function"])?.["arguments"] ?? "{}"),
      ] as string[],
    );
    expect(answer.stop.reason).toBe(calls.length > 0 ? "tool" : "end");
    const usage = objectOf(body["usage"]) ?? {};
    const tokens = objectOf(usage["tokens"]) ?? {};
    expect(answer.usage).toMatchObject({ input: tokens["input_tokens"], output: tokens["output_tokens"] } as object);
    expect(answer.usage?.cacheRead).toBe(usage["cached_tokens"] as number | undefined);
  });
});
