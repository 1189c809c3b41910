import { describe, expect, test } from "bun:test";
import { mediaBytes } from "../../src/formats/media-bytes.ts";

const PICTURE = "QUJD".repeat(8 * 1024);
const bodyOf = (...content: readonly unknown[]): Buffer =>
  Buffer.from(JSON.stringify({ model: "m", messages: [{ role: "user", content }] }));

describe("media in a body", () => {
  test("are the Base64 of data URLs and of members called data", () => {
    const url = `data:image/png;base64,${PICTURE}`;
    expect(mediaBytes(bodyOf({ type: "image_url", image_url: { url } }))).toBe(url.length - "data:".length);
    expect(mediaBytes(bodyOf({ source: { type: "base64", data: PICTURE } }))).toBe(PICTURE.length);
  });

  test("are none in text, whatever it says", () => {
    expect(mediaBytes(bodyOf({ type: "text", text: `"data": ${PICTURE}` }))).toBe(0);
  });

  test("are not looked for without end: so many marks of them take no turn of the event loop for themselves", () => {
    const before = Array.from({ length: 9000 }, () => "data:");
    const picture = { data: PICTURE };
    const url = { url: `data:image/png;base64,${PICTURE}` };
    expect(mediaBytes(bodyOf(...before, url, picture))).toBeGreaterThan(2 * PICTURE.length);
    // Beyond ten thousand, the rest of the body counts as text.
    expect(mediaBytes(bodyOf(...before, ...before, url))).toBe(0);
    expect(mediaBytes(bodyOf(...[...before, ...before].map(() => ({ data: "" })), picture))).toBe(0);
  });
});
