import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { checkObject } from "../../src/core/json/check-syntax.ts";
import { DEFAULT_JSON_LIMITS } from "../../src/core/json/limits.ts";
import type { JsonObject } from "../../src/core/json/parse.ts";
import { findVisualContent } from "../../src/formats/visual-content.ts";
import { VISUAL_SIGNS } from "../../src/formats/visual-signs.ts";
import { DECISIVE_NAMES } from "../../src/pipeline/body/received-body.ts";
import { propertyRuns } from "../fixtures/property-runs.ts";
import { cpuGrowth, LINEAR } from "../fixtures/cpu-growth.ts";

function hasSign(text: string): boolean {
  const checked = checkObject(Buffer.from(text), {
    limits: DEFAULT_JSON_LIMITS,
    names: DECISIVE_NAMES,
    judge: VISUAL_SIGNS,
  });
  if (!checked || checked instanceof Promise) throw new Error(`not checked: ${text}`);
  return checked.hasSign;
}

const WORDS = [
  ...[
    "image_url",
    "image",
    "IMAGES",
    "video",
    "my_Video_x",
    "screenshot",
    "input_image",
    "inputImage",
    "multi_modal_data",
  ],
  ...["file", "input_file", "fileId", "files", "file_uri", "inlineData", "inline_data", "document_url", "documenturls"],
  ...["source", "Source", "type", "text", "content", "role", "parts", "tools", "messages", "system", "ſystem", "input"],
  ...["mime_type", "mimeType", "media_type", "container_upload", "code_execution_output", "tool_calls", "output", "a"],
  ...["prompt", "contents", "variables", "prediction", "unknown", "url", "data"],
];
const TEXTS = [
  ...["data:image/png;base64,AA", " \u00a0\u2003\ufeffDATA: \nvideo/x", "image/png", "VIDEO/mp4", "application/pdf"],
  ...[
    "\t application/pdf;x",
    "an image of a file",
    "audio/wav",
    "data",
    "Data: none",
    "",
    "i",
    "text",
    "base64",
    "file",
  ],
];
const anyText = fc.constantFrom(...TEXTS, ...WORDS);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    anyText,
    fc.constantFrom<unknown>(null, 1, true),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...WORDS), tie("value"), { maxKeys: 4 }),
    fc.record({ type: anyText, value: tie("value") }),
  ),
}));
const request = fc.dictionary(fc.constantFrom(...WORDS), value, { maxKeys: 4 });

/** The same value, with letters, slashes and spaces escaped here and there. */
function escapeSome(json: string, choices: readonly number[]): string {
  let index = 0;
  const escapeOne = (character: string, escape: string | undefined): string => {
    if (escape !== undefined || (choices[index++ % choices.length] ?? 1) > 0) return character;
    return character === "/" ? "\\/" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  };
  const strings = /"(?:[^"\\]|\\.)*"/g;
  return json.replace(strings, (text) => text.replace(/(\\.)|[a-z/:\u00a0-\uffff]/gi, escapeOne));
}

describe("whatever is visual has a sign", () => {
  test("in any place, and however it is written", () => {
    let found = 0;
    fc.assert(
      fc.property(request, fc.array(fc.nat(12), { minLength: 1, maxLength: 40 }), (body: JsonObject, choices) => {
        const isVisual = findVisualContent(body) !== undefined;
        if (isVisual) found++;
        for (const text of [
          JSON.stringify(body),
          JSON.stringify(body, null, 2),
          escapeSome(JSON.stringify(body), choices),
        ]) {
          expect(JSON.parse(text)).toEqual(body);
          if (isVisual && !hasSign(text)) throw new Error(`not seen: ${text}`);
        }
      }),
      propertyRuns(3000),
    );
    expect(found).toBeGreaterThan(0);
  });
});

test.each([
  [{ messages: [{ role: "user", content: "Look at this image in file data: it is a video, image/png" }] }],
  [{ messages: [{ role: "user", content: [{ type: "text", text: "Images are data" }] }], temperature: 1, n: 1 }],
  [{ tools: [{ type: "function", function: { name: "read_file", parameters: { file_path: { type: "string" } } } }] }],
  [{ messages: [{ role: "tool", tool_call_id: "c", content: 'I\n"x" \u2019 data \u0007' }], stream_options: {} }],
  [{ system: "x", input: [{ type: "function_call_output", output: "\n\nvideo", arguments: '{"image":1}' }] }],
])("texts and usual members are no signs: %j", (body) => {
  expect(hasSign(JSON.stringify(body))).toBe(false);
  expect(hasSign(JSON.stringify(body, null, 2))).toBe(false);
});

test("names, texts and space cost what their length asks for, not its square", async () => {
  const shapes: readonly ((size: number) => string)[] = [
    (size) => `{"a":[${'"i",'.repeat(size)}"d"]}`,
    (size) => `{${`"${"imag".repeat(4)}":"i",`.repeat(size / 8)}"a":"${" \\n".repeat(size)}"}`,
    (size) => `{"type" ${" ".repeat(size)}:${" ".repeat(size)}"x","a":"${"i".repeat(size)}"}`,
  ];
  for (const shape of shapes) {
    expect(hasSign(shape(8000))).toBe(false);
    const growth = await cpuGrowth(8000, (size) => {
      const text = shape(size);
      return () => {
        for (let round = 0; round < 4; round++) hasSign(text);
      };
    });
    expect(growth).toBeLessThan(LINEAR);
  }
});
