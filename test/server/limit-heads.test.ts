import { expect, test } from "bun:test";
import { join } from "node:path";

const KIB = 1024;
const HEAD_LIMIT = join(import.meta.dir, "../../src/server/head-limit.ts");

/** Serves with the limit set, says whether Node's HTTP was needed for it, and the status of heads of several sizes. */
const PROGRAM = `
  import { limitHeads } from ${JSON.stringify(HEAD_LIMIT)};
  let loaded = 0;
  const { getBuiltinModule } = process;
  process.getBuiltinModule = (name) => (loaded++, getBuiltinModule(name));
  limitHeads();
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const ask = async (size) => (await fetch(server.url, { headers: { x: "a".repeat(size) } })).status;
  console.log(JSON.stringify({ loaded, statuses: [await ask(${20 * KIB}), await ask(${33 * KIB})] }));
  await server.stop(true);
`;

async function run(options: readonly string[]): Promise<unknown> {
  const child = Bun.spawn([process.execPath, ...options, "-e", PROGRAM], { stdout: "pipe", stderr: "inherit" });
  return JSON.parse(await child.stdout.text());
}

test.each([
  ["of any process", [], 1],
  ["of one that was started with another limit", ["--max-http-header-size=8192"], 1],
  ["of one that was started with it, which is spared a module of Node's", ["--max-http-header-size=32768"], 0],
])("the head of a request may have 32 KiB at a server %s", async (_, options, loaded) => {
  expect(await run(options)).toEqual({ loaded, statuses: [200, 431] });
});
