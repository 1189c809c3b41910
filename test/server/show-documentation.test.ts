import { expect, test } from "bun:test";
import type { RequestContext } from "../../src/core/request-context.ts";
import { type DocumentationPlugin, showDocumentation } from "../../src/server/handlers/documentation.ts";

let sentBytes = 0;
const EXCHANGE = { id: "exchange-1", sent: (bytes: number) => void (sentBytes += bytes) } as RequestContext;
const VERSION = { version: "1.2.3" };

const page = (): Request => new Request("http://gateway/swagger");

/** A plugin whose making the test holds in its hands, and how often it was asked for. */
function heldPlugin() {
  const gates: PromiseWithResolvers<DocumentationPlugin>[] = [];
  const open = (version: object): Promise<DocumentationPlugin> => {
    expect(version).toBe(VERSION);
    const gate = Promise.withResolvers<DocumentationPlugin>();
    gates.push(gate);
    return gate.promise;
  };
  return { gates, open };
}

test("a failure to load is told to every request that waits for it, and the next one tries again", async () => {
  const { gates, open } = heldPlugin();
  const show = showDocumentation(VERSION, open);
  const waiting = [show(EXCHANGE, page()), show(EXCHANGE, page())];
  gates[0]?.reject(new Error("no memory"));
  for (const { status } of await Promise.allSettled(waiting)) expect(status).toBe("rejected");

  const again = show(EXCHANGE, page());
  expect(gates).toHaveLength(2);
  gates[1]?.resolve({ handle: async () => new Response("page") });
  sentBytes = 0;
  expect(await (await again).text()).toBe("page");
  expect(sentBytes).toBe("page".length);
});

test("the documentation is not made before it is asked for, and once for all who ask", async () => {
  const { gates, open } = heldPlugin();
  const show = showDocumentation(VERSION, open);
  expect(gates).toBeEmpty();
  const asked = Array.from({ length: 5 }, () => show(EXCHANGE, page()));
  expect(gates).toHaveLength(1);
  gates[0]?.resolve({ handle: async () => new Response("page") });
  for (const response of await Promise.all(asked)) expect(response.headers.get("x-request-id")).toBe("exchange-1");
  await show(EXCHANGE, page());
  expect(gates).toHaveLength(1);
});

test("several first requests side by side get the whole document each", async () => {
  const show = showDocumentation(VERSION);
  const asked = Array.from({ length: 4 }, () => show(EXCHANGE, new Request("http://gateway/swagger/json")));
  for (const response of await Promise.all(asked)) {
    expect(response.status).toBe(200);
    const { info, paths } = (await response.json()) as { info: { version: string }; paths: object };
    expect(info.version).toBe(VERSION.version);
    expect(Object.keys(paths)).toContain("/v1/chat/completions");
  }
});
