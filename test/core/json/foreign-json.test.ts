import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const SOURCE = join(import.meta.dir, "../../../src");

/** Where `JSON.parse` is called, and why what it gets is bounded. Everything else calls `parseJson` or `parseBytes`. */
const BOUNDED: Readonly<Record<string, string>> = {
  "config/parse-headers.ts": "a setting of the operator",
  "core/client-answer.ts": "the gateway's own answer, for whoever asks for it as for one of the runtime's",
  "core/json/find.ts": "one key, as long as the name that is looked for",
  "core/json/member-watch.ts": "one key, as long as the names that are looked for",
  "core/json/parse.ts": "behind the limits",
  "core/json/parse-slices.ts": "behind the limits, in slices",
  "formats/form/parse-arguments.ts": "once more, what parseJson has taken, for its long numbers",
  "routing/model-traits.ts": "one key or name of a text that was parsed within the limits",
  "server/openapi/start-page.ts": "a script of the browser, which reads the gateway's own document",
  "stages/response-store/keep-answer.ts": "an event that the gateway itself has written",
  "stages/response-store/record.ts": "what the gateway itself has kept",
  "telemetry/history/read-blocks.ts": "what the gateway itself has kept, with a checksum",
  "telemetry/history/read-lines.ts": "what the gateway itself has kept, with a checksum",
  "telemetry/log-request.ts": "the gateway's own log line",
  "telemetry/otlp/log-records.ts": "the gateway's own log line",
};

test("no JSON text of a stranger is parsed without limits", () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(100);
  const calling = files.filter((file) => {
    const code = readFileSync(join(SOURCE, file), "utf8").replace(/^\s*(?:\/?\*|\/\/).*$/gm, "");
    return /JSON\s*\.\s*parse\s*\(|\bJSON\["parse"\]|\.json\(\)/.test(code);
  });
  expect(calling.sort()).toEqual(Object.keys(BOUNDED).sort());
});
