import { describe, expect, test } from "bun:test";
import { ANSWERS, chatBody } from "../../bench/chat-body.ts";

describe("a chat body", () => {
  test.each([200, 32_768, 131_072, 1_048_576])("of %d bytes is of that size and valid", (bytes) => {
    const body = chatBody("json", bytes);
    expect(Math.abs(body.length - bytes)).toBeLessThanOrEqual(4);
    expect(JSON.parse(new TextDecoder().decode(body))).toMatchObject({ model: ANSWERS.json });
  });

  test("asks for a stream where the answer is one", () => {
    expect(JSON.parse(new TextDecoder().decode(chatBody("paced", 200)))).toMatchObject({
      stream: true,
      model: ANSWERS.paced,
    });
    expect(JSON.parse(new TextDecoder().decode(chatBody("json", 200)))).not.toHaveProperty("stream");
  });
});
