import { expect, test } from "bun:test";
import { secretPatterns } from "../../src/core/redact/secret-patterns.ts";
import { createEventFilter, type EventFilter } from "../../src/core/sse/event-filter.ts";
import { createErrorMask } from "../../src/pipeline/mask-errors.ts";

const KEY = "sk-secret-0123456789abcdef";
const SECRETS = { secrets: [secretPatterns(KEY)] };

function through(chunks: readonly Uint8Array[], first?: EventFilter): string {
  const mask = createErrorMask(SECRETS, first);
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

test.each(ERRORS)("behind a filter that takes events out, the key is masked in %s too", (event) => {
  const removed = 'data: {"usage":1}\n\n';
  const whole = Buffer.from(removed + CONTENT + removed + event.trimEnd());
  for (let cut = 0; cut <= whole.length; cut++) {
    const first = createEventFilter((seen) => seen.includes('"usage"'));
    const seen = through([whole.subarray(0, cut), whole.subarray(cut)], first);
    expect(seen.startsWith("data: ")).toBe(true);
    expect(seen.slice(-event.trimEnd().replaceAll(KEY, "***").length)).toBe(event.trimEnd().replaceAll(KEY, "***"));
    expect(seen).not.toContain("usage");
  }
});

test("a filter alone is what is left if there is no secret", () => {
  const first = createEventFilter(() => false);
  expect(createErrorMask({ secrets: [] }, first)).toBe(first);
});
