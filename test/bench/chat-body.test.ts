import { describe, expect, test } from "bun:test";
import { chatBody } from "../fixtures/load-chat-body.ts";
import { answerFor } from "../fixtures/load-provider-answers.ts";

describe("a chat body", () => {
  test.each([200, 32_768, 131_072, 1_048_576])("of %d bytes is of that size and valid", (bytes) => {
    const body = chatBody("json", bytes);
    expect(Math.abs(body.length - bytes)).toBeLessThanOrEqual(4);
    expect(JSON.parse(new TextDecoder().decode(body))).toMatchObject({ model: "openai/gpt-4o-mini" });
  });

  test("asks for a stream if the answer is one", () => {
    expect(JSON.parse(new TextDecoder().decode(chatBody("paced", 200)))).toMatchObject({
      stream: true,
      model: "openai/gpt-4o-mini-paced",
    });
    expect(JSON.parse(new TextDecoder().decode(chatBody("json", 200)))).not.toHaveProperty("stream");
  });
});

describe("the mock provider finds which answer a request asks for", () => {
  test("in its beginning", () => expect(answerFor(chatBody("burst", 200))).toBe("burst"));

  test("behind the messages, of a gateway that moved it there", () => {
    const messages = [{ role: "user", content: "x".repeat(1000) }];
    expect(answerFor(Buffer.from(JSON.stringify({ messages, model: "gpt-4o-mini-paced" })))).toBe("paced");
  });

  test("not in what names another model, or none", () => {
    expect(answerFor(Buffer.from('{"model":"m"}'))).toBeUndefined();
    expect(answerFor(Buffer.from(""))).toBeUndefined();
  });
});
