import { describe, expect, test } from "bun:test";
import { CONVERSE_DIALECT } from "../../src/formats/converse/dialect.ts";
import { toAnswerError } from "../../src/formats/converse/exceptions.ts";
import type { Conversation } from "../../src/formats/form/conversation.ts";
import { CannotTranslate, type WireDialect } from "../../src/formats/form/dialect.ts";
import { fileNameOf } from "../../src/formats/form/media-type.ts";
import { GEMINI_CLIENT } from "../../src/formats/gemini/client-dialect.ts";
import { readFinish } from "../../src/formats/gemini/finish-reason.ts";
import { GEMINI_WIRE } from "../../src/formats/gemini/wire-dialect.ts";
import { writeError } from "../../src/formats/gemini/write-error.ts";
import { MESSAGES_DIALECT } from "../../src/formats/messages/dialect.ts";
import { errorType } from "../../src/formats/messages/error-type.ts";
import { RESPONSES_DIALECT } from "../../src/formats/responses/dialect.ts";
import { rpcType } from "../../src/formats/rpc-status.ts";
import { withId } from "../../src/stages/response-store/ids.ts";
import { conversation, NO_BOOKKEEPING, target } from "./gemini/conversations.ts";

/** Words that every plain object answers to, whatever is in it. */
const WORDS = Object.getOwnPropertyNames(Object.prototype);

describe("a word that only the prototype of objects knows", () => {
  test.each(WORDS)("%s is no member of a request of the Responses API", (word) => {
    const { foreign } = RESPONSES_DIALECT.readRequest({ model: "m", input: "x", ...Object.fromEntries([[word, "y"]]) });
    expect(foreign).toEqual([{ path: word, isEssential: false }]);
  });

  test.each(WORDS)("%s is no type, code or status of an error", (word) => {
    const error = { message: "m", type: word, code: word };
    expect(writeError(error)).toEqual({ error: { code: 500, message: "m", status: "INTERNAL" } });
    expect(errorType(error)).toBe("api_error");
    expect(toAnswerError(word, "m").type).toBe("api_error");
    expect(rpcType(word)).toBeUndefined();
  });

  test.each(WORDS)("%s is a reason to end that nobody knows yet", (word) => {
    expect(readFinish({ finishReason: word }, { hasCalls: false, isEmpty: false })).toEqual({ reason: "end" });
  });

  test.each(WORDS)("%s is no tier", (word) => {
    expect(GEMINI_CLIENT.readRequest({ model: "m", contents: "x", serviceTier: word }).bookkeeping.serviceTier).toBe(
      word.toLowerCase(),
    );
    expect(MESSAGES_DIALECT.readRequest({ model: "m", messages: [], service_tier: word }).bookkeeping.serviceTier).toBe(
      word,
    );
    const asked = conversation({ bookkeeping: { ...NO_BOOKKEEPING, serviceTier: word } });
    for (const dialect of [GEMINI_WIRE, MESSAGES_DIALECT]) {
      expect(dialect.writeRequest(asked, target("m")).notes).toContainEqual({
        kind: "dropped",
        member: "service_tier",
      });
    }
  });

  test.each(WORDS)("%s is no kind of media, and no closeness", (word) => {
    expect(fileNameOf("name", word)).toBe("name");
    const { notes } = GEMINI_WIRE.writeRequest(showing("image/png", word), target("gemini-3-pro"));
    expect(notes).toContainEqual({ kind: "dropped", member: "detail" });
    expect(refusal(CONVERSE_DIALECT, showing(word, "auto"))).toBe("image");
  });

  test.each(WORDS)("%s is no kind of item", (word) => {
    expect(withId({ type: word })["id"]).toMatch(/^item_/);
  });
});

function showing(mediaType: string, detail: string): Conversation {
  const picture = { type: "image", source: { kind: "base64", data: "eA==" }, mediaType, detail } as const;
  return conversation({ turns: [{ role: "user", blocks: [picture] }] });
}

function refusal(dialect: WireDialect, asked: Conversation): string | undefined {
  try {
    dialect.writeRequest(asked, target("m"));
    return undefined;
  } catch (error) {
    if (error instanceof CannotTranslate) return error.member;
    throw error;
  }
}
