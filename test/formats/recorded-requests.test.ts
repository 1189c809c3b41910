import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { CHAT } from "../../src/formats/chat/format.ts";
import { EMBEDDINGS } from "../../src/formats/embeddings/format.ts";
import { MESSAGES } from "../../src/formats/messages/format.ts";
import { RESPONSES } from "../../src/formats/responses/format.ts";
import type { CheckRequest } from "../../src/formats/schema/check.ts";

const RECORDED = resolve(import.meta.dir, "../../../shared/recorded");

const CHECKS: Readonly<Record<string, CheckRequest>> = {
  chat: await CHAT.loadCheck(),
  messages: await MESSAGES.loadCheck(),
  responses: await RESPONSES.loadCheck(),
  embeddings: await EMBEDDINGS.loadCheck(),
};

/** Requests that a provider answered with success, as `[file, check, request]`. */
async function acceptedRequests(): Promise<(readonly [string, CheckRequest, unknown])[]> {
  const found: (readonly [string, CheckRequest, unknown])[] = [];
  for await (const file of new Bun.Glob("*/*.json").scan(RECORDED)) {
    const check = CHECKS[file.split("/").at(-1)?.split("-")[0] ?? ""];
    const exchange: { status: number; request: unknown } = await Bun.file(join(RECORDED, file)).json();
    if (check !== undefined && exchange.status >= 200 && exchange.status < 300) {
      found.push([file, check, exchange.request]);
    }
  }
  return found;
}

const present = existsSync(RECORDED);
if (!present) console.warn(`Recorded provider exchanges are not in ${RECORDED}: their requests are not checked.`);

describe.skipIf(!present)("requests that providers accepted", () => {
  test("pass their check", async () => {
    const requests = await acceptedRequests();
    expect(requests.length).toBeGreaterThan(150);
    const refused = requests.flatMap(([file, check, request]) => {
      const problem = check(request);
      return problem === undefined ? [] : [`${file}: ${problem.message}`];
    });
    expect(refused).toEqual([]);
  });
});
