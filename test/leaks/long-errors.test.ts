import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { createGate } from "../fixtures/gate.ts";
import { openRawClient, type RawClient } from "../fixtures/raw-http-client.ts";
import { chunk, close, end, head, wait } from "../fixtures/script.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "../routes/started-gateway.ts";
import { SPELLINGS } from "./spellings.ts";

const KEY = 'sk-"proj"/a+b=c\\d&e';
type Framing = "length" | "chunks" | "close";

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider((url) => ({ ...threeProviders(url), OPENAI_API_KEY: KEY }));
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

const framed = (framing: Framing, length: number): Record<string, string> =>
  framing === "length"
    ? { "content-length": String(length) }
    : framing === "chunks"
      ? { "transfer-encoding": "chunked" }
      : {};

/** So many bytes in pieces of 8 kB, and across each cut between them the key, cut at another place each time. */
function longError(
  bytes: number,
  write: (key: string) => string,
): { readonly pieces: readonly string[]; readonly masked: string } {
  const filler = "<tr><td>x &amp; y = %41 \\u0041</td></tr>".repeat(200);
  const pieces: string[] = [];
  let rest = "";
  const count = Math.ceil(bytes / filler.length);
  for (let index = 0; index < count; index++) {
    const written = write(KEY);
    const cut = 1 + (index % (written.length - 1));
    pieces.push(rest + filler + written.slice(0, cut));
    rest = written.slice(cut);
  }
  return { pieces: [...pieces, rest], masked: `${filler}***`.repeat(count) };
}

test.each([
  ["5 MB", "length", 5_000_000],
  // As much as has every cut.
  ["1 MB", "chunks", 1_000_000],
  ["1 MB", "close", 1_000_000],
] as const)(
  "an error of %s, its end told by %s, has the key masked across every cut",
  async (_, framing, most) => {
    for (const name of ["plain", "in HTML by names", "each character in another way"] as const) {
      // A redirect's is masked by the same code: as much of it as has every cut.
      for (const [status, bytes] of [
        [302, 1_000_000],
        [500, most],
      ] as const) {
        const { pieces, masked } = longError(bytes, SPELLINGS[name]);
        const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
        started.answerWith([
          head(status, { "content-type": "text/html", ...framed(framing, length) }),
          ...pieces.map((piece) => chunk(piece)),
          end(),
        ]);
        const response = await started.send("GET", "/proxy/openai/x");
        expect([response.status, response.headers.get("content-length")]).toEqual([status, null]);
        expect((await response.text()) === masked).toBe(true);
      }
    }
  },
  30_000,
);

async function take(client: RawClient, length: number): Promise<string> {
  let received = "";
  while (received.length < length) received += Buffer.from((await client.nextBytes()) ?? []).toString();
  return received;
}

test("a long error passes while it comes, but for what may be the beginning of the key", async () => {
  const gate = createGate();
  const filler = "x".repeat(200_000);
  started.answerWith([
    head(500, { "transfer-encoding": "chunked" }),
    chunk(`${filler}sk-%22pr`),
    wait(gate),
    chunk('oj"\\/a+b=c\\\\d&ampe.'),
    end(),
  ]);
  await using client = await openRawClient(started.gateway.port);
  await client.request("GET", "/proxy/openai/x");
  expect((await client.head()).status).toBe(500);
  expect((await take(client, filler.length)) === filler).toBe(true);
  gate.open();
  expect((await client.body()).text).toBe("***.");
});

test("a long error that breaks off is seen to break off, without the beginning of the key", async () => {
  const gate = createGate();
  const filler = "x".repeat(200_000);
  started.answerWith([head(500, { "content-length": "900000" }), chunk(`${filler}sk-"pr`), wait(gate), close()]);
  await using client = await openRawClient(started.gateway.port);
  await client.request("GET", "/proxy/openai/x");
  expect((await client.head()).status).toBe(500);
  expect((await take(client, filler.length)) === filler).toBe(true);
  gate.open();
  const { complete, text } = await client.body();
  expect([complete, text]).toEqual([false, ""]);
});

test("a client that leaves ends a long error", async () => {
  started.answerWith([
    head(500, { "content-type": "text/plain" }),
    { kind: "flood", totalBytes: 256 * 1024 * 1024 },
    end(),
  ]);
  await using client = await openRawClient(started.gateway.port);
  await client.request("GET", "/proxy/openai/x");
  expect((await client.head()).status).toBe(500);

  client.leave();
  const line = await started.gateway.logged(
    (entry) => entry["route"] === "/proxy/*" && entry["outcome"] === "client_gone",
  );
  expect(line["status"]).toBe(500);
});
