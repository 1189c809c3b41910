import { expect, test } from "bun:test";
import { redactionOf } from "../../../src/core/redact/redact.ts";
import { secretPatterns } from "../../../src/core/redact/secret-patterns.ts";
import { redactResult } from "../../../src/tools/mcp/redact-result.ts";
import { cutText } from "../../../src/tools/mcp/tool-result.ts";

const SECRET = "mcp-token-0123456789";
const secret = secretPatterns(SECRET);
const others = [secretPatterns("another-secret"), secret, secretPatterns("third")];
const MIB = 1024 * 1024;

test.each([
  ["a short text", `say ${SECRET}`],
  ["a long text without the token", "lorem ipsum ".repeat(20_000)],
  ["a long text full of tokens", `${SECRET} é€😀 `.repeat(10_000)],
  ["a long text with the token where it is cut into pieces", `${"x".repeat(64 * 1024 - 10)}${SECRET}`.repeat(5)],
])("%s is told without it, as far as it is kept", async (_, text) => {
  const redacted = redactionOf([secret])(text);
  expect(await redactResult([secret], text, MIB)).toBe(redacted);
  expect(await redactResult(others, text, MIB)).toBe(redacted);
  for (const kept of [1, 1000, 64 * 1024 - 2, 64 * 1024 + 1, 100_003]) {
    const said = await redactResult([secret], text, kept);
    if (Buffer.byteLength(redacted) <= kept) expect(said).toBe(redacted);
    else expect(said.replace(/ of \d+ /, " ")).toBe(cutText(redacted, kept).replace(/ of \d+ /, " "));
  }
});
