import { afterAll, describe, expect, test } from "bun:test";
import { type RunningGateway, startGateway } from "../fixtures/start-gateway.ts";
import { type CodeBlock, codeBlocks, GUIDE_PAGES, README, readPage } from "./markdown.ts";
import { expectShown, hasCurl, run, runCurl, startLine } from "./run-shown.ts";

const DEMO = "npm start -- --demo";

/** A block that is run: where it is, the command that starts its gateway, and the block after it if that is output. */
interface Shown {
  readonly page: string;
  readonly block: CodeBlock;
  readonly start: string;
  readonly output: string | undefined;
}

function shownOn(page: string): Shown[] {
  const blocks = codeBlocks(readPage(page));
  return blocks.flatMap((block, index) => {
    const runs = block.language === "sh" || (block.language === "js" && block.code.includes("demo/demo-chat"));
    if (!runs) return [];
    const start = blocks
      .slice(0, index)
      .findLast(({ section, language, code }) => section === block.section && language === "text" && startLine(code));
    const next = blocks[index + 1];
    const hasOutput = block.language === "sh" && next?.section === block.section && next.language === "text";
    // A section may show several ways to start the same gateway.
    return [{ page, block, start: start?.code.split("\n")[0] ?? DEMO, output: hasOutput ? next.code : undefined }];
  });
}

// The tools' page needs an MCP server: mcp-tools.test.ts.
const shown = [README, ...GUIDE_PAGES.filter((page) => !page.endsWith("/tools.md"))].flatMap(shownOn);
const curls = shown.filter(({ block }) => block.language === "sh");
const snippets = shown.filter(({ block }) => block.language === "js");

const gateways = new Map<string, Promise<RunningGateway>>();
function gatewayOf(start: string): Promise<RunningGateway> {
  const known = gateways.get(start);
  if (known) return known;
  const { environment, args } = startLine(start) ?? { environment: {}, args: [] };
  const gateway = startGateway(environment, args);
  gateways.set(start, gateway);
  return gateway;
}
const here = async ({ start, block }: Shown): Promise<string> =>
  block.code.replaceAll("http://localhost:8080", (await gatewayOf(start)).url);

afterAll(async () => {
  for (const gateway of gateways.values()) await (await gateway).stop();
});

if (!hasCurl) console.warn("curl is not on this machine: what the pages show is not tried.");

describe("what the pages show", () => {
  test("is a streamed chat, a tool call, the models and a request with a key", () => {
    const readme = curls.filter(({ page }) => page === README);
    expect(readme.map(({ block }) => block.section)).toEqual([
      "First minute",
      "First minute",
      "First minute",
      "Authentication",
    ]);
    expect(readme[0]?.block.code).toContain('"stream": true');
    expect(readme[1]?.block.code).toContain('"tools"');
    expect(readme[2]?.block.code).toContain("/v1/models");
    expect(readme[3]?.start).toContain("AUTH_ENABLED=true");
    expect(curls.filter(({ output }) => output !== undefined).length).toBeGreaterThanOrEqual(7);
  });

  const named = curls.map((one) => [`${one.page}, ${one.block.section}`, one] as const);
  test.concurrent.skipIf(!hasCurl).each(named)("happens: %s", async (_, one) => {
    const output = await runCurl(await here(one));
    if (one.output !== undefined) expectShown(output, one.output);
  });

  test("would not happen without the key that it names", async () => {
    const { url } = await gatewayOf(curls.find(({ start }) => start.includes("AUTH_ENABLED"))?.start ?? DEMO);
    expect((await fetch(`${url}/v1/models`)).status).toBe(401);
  });

  test("has snippets of several SDKs", () => {
    const packages = (wanted: string): string[] =>
      snippets.filter(({ page }) => page === wanted).map(({ block }) => /from "([^"]+)"/.exec(block.code)?.[1] ?? "");
    expect(packages(README)).toEqual(["openai", "@anthropic-ai/sdk", "@ai-sdk/openai-compatible"]);
    expect(packages("src/guide/clients.md")).toEqual([
      "openai",
      "@anthropic-ai/sdk",
      "@google/genai",
      "@ai-sdk/openai-compatible",
      "@inference-gateway/sdk",
    ]);
  });

  const byPackage = snippets.map((one) => [/from "([^"]+)"/.exec(one.block.code)?.[1] ?? "", one.page, one] as const);
  test.concurrent.each(byPackage)("for %s on %s happens", async (_, __, one) => {
    expect(await run([process.execPath, "run", "-"], await here(one))).toContain("“Hello!”");
  });
});
