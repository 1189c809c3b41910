import { expect, test } from "bun:test";
import { secretPatterns } from "../../src/core/redact/secret-patterns.ts";
import { createErrorMask } from "../../src/pipeline/mask-errors.ts";

const KEY = "sk-secret-0123456789abcdef";
const SECRETS = { secrets: [secretPatterns(KEY)] };

function through(chunks: readonly Uint8Array[]): string {
  const mask = createErrorMask(SECRETS);
  if (!mask) throw new Error("there is a secret");
  return Buffer.concat([...chunks.map((chunk) => mask.push(chunk)), mask.flush()]).toString();
}

const CONTENT = `data: {"choices":[{"delta":{"content":"é ${KEY} \\"error\\""}}]}\n\n`;
const ERRORS = [
  `data: {"error":{"message":"bad key ${KEY}"}}\n\n`,
  `event: error\ndata: {"type":"error","error":{"type":"x","message":"é ${KEY}"}}\n\n`,
  `data: {"type":"response.failed","response":{"error" : {"message":"${KEY}"}}}\n\n`,
  `data: {"error":"${KEY}"}\n\ndata: [DONE]\n\n`,
];

test.each(ERRORS)("the key is masked in %s, wherever the stream is cut", (event) => {
  const whole = Buffer.from(CONTENT + event);
  const masked = CONTENT + event.replaceAll(KEY, "***");
  expect(through([whole])).not.toContain(`message":"bad key ${KEY}`);
  const begin = Buffer.byteLength(CONTENT);
  for (let cut = begin; cut <= whole.length; cut++) {
    const [before, behind] = [whole.subarray(0, cut), whole.subarray(cut)];
    expect(through([before.subarray(0, begin), before.subarray(begin), behind])).toBe(masked);
  }
});

test("what mentions no error passes as it is, at once", () => {
  const mask = createErrorMask(SECRETS);
  for (const text of [
    CONTENT,
    'data: {"response":{"error":null}}\n\n',
    'data: {"response":{"error" : null',
    "}}\n\n",
  ]) {
    const chunk = Buffer.from(text);
    expect(mask?.push(chunk)).toBe(chunk);
  }
  expect(createErrorMask({ secrets: [] })).toBeUndefined();
});
