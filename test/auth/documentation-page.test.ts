import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";

const KEY = "own-key-0123456789";
const SETTINGS = { AUTH_ENABLED: "true", AUTH_API_KEYS: KEY };

const statusOf = async (gateway: RunningGateway, path: string, headers = {}): Promise<number> => {
  const response = await fetch(gateway.url + path, { headers });
  await response.arrayBuffer();
  return response.status;
};

describe("while authentication is on", () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway(SETTINGS);
  });
  afterAll(() => gateway.stop());

  test("the page and what it loads open in a browser, and nothing else does", async () => {
    const page = await fetch(`${gateway.url}/swagger`, { headers: { accept: "text/html" } });
    expect([page.status, page.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/html")]);
    const [, script = ""] = /src="([^"]+)"/.exec(await page.text()) ?? [];
    for (const path of [
      script,
      "/swagger/assets/swagger-ui.css",
      "/swagger/assets/swagger-ui-bundle.js",
      "/swagger/",
    ]) {
      expect([path, await statusOf(gateway, path)]).toEqual([path, 200]);
    }
    const closed = ["/swagger/json", "/swagger/json/", "/swagger/%6ason", "/swagger//json", "/swagger/x", "/docs"];
    for (const path of [...closed, "/docs/settings", "/swagger/assets/../json", "/v1/models"]) {
      expect([path, await statusOf(gateway, path)]).toEqual([path, 401]);
    }
    const disguised = await fetch(`${gateway.url}/swagger/assets/..%2fjson`);
    expect(await disguised.text()).not.toContain("openapi");
  });

  test("its script asks for the key and sends it", async () => {
    const script = await (await fetch(`${gateway.url}/swagger/assets/start-page.js`)).text();
    const { asked, page } = await openPage(script, gateway);
    expect([asked, page.problems]).toEqual([[undefined], ["A token of the issuer, or one of AUTH_API_KEYS."]]);
    await page.submit("wrong");
    expect(page.problems.at(-1)).toBe("This key is not accepted.");
    await page.submit(` ${KEY} `);
    expect(asked).toEqual([undefined, "Bearer wrong", `Bearer ${KEY}`]);
    expect(page.shown).toEqual({ openapi: "3.0.3", authorized: ["bearer", KEY] });
  });

  test("the document and the guide open with a credential, however it is sent", async () => {
    for (const headers of [{ authorization: `Bearer ${KEY}` }, { "x-api-key": KEY }, { "api-key": KEY }]) {
      expect(await statusOf(gateway, "/swagger/json", headers)).toBe(200);
      expect(await statusOf(gateway, "/docs", headers)).toBe(200);
    }
  });
});

test("SWAGGER_PUBLIC=true shows document and guide to everybody, and opens nothing else", async () => {
  await using gateway = await startGateway({ ...SETTINGS, SWAGGER_PUBLIC: "true" });
  for (const path of ["/swagger", "/swagger/json", "/docs", "/docs/settings", "/docs/settings.md"]) {
    expect([path, await statusOf(gateway, path)]).toEqual([path, 200]);
  }
  for (const path of ["/v1/models", "/nowhere", "/proxy/openai/x", "/v1/mcp/tools"]) {
    expect([path, await statusOf(gateway, path)]).toEqual([path, 401]);
  }
});

test("SWAGGER_ENABLED=false hides all of it, whatever else is set", async () => {
  await using gateway = await startGateway({ ...SETTINGS, SWAGGER_ENABLED: "false", SWAGGER_PUBLIC: "true" });
  for (const path of ["/swagger", "/swagger/json", "/docs", "/swagger/assets/start-page.js"]) {
    expect([path, await statusOf(gateway, path)]).toEqual([path, 401]);
    expect([404, 405]).toContain(await statusOf(gateway, path, { authorization: `Bearer ${KEY}` }));
  }
});

/** As much of a browser as the page's script needs. */
async function openPage(script: string, gateway: RunningGateway) {
  interface FakeElement {
    [member: string]: unknown;
    readonly tag: string;
    readonly children: FakeElement[];
    readonly listeners: Map<string, (event: object) => void>;
  }
  const created: FakeElement[] = [];
  const createElement = (tag: string): FakeElement => {
    const element: FakeElement = {
      tag,
      children: [],
      listeners: new Map(),
      appendChild: (child: FakeElement) => (element.children.push(child), child),
      replaceChildren: () => element.children.splice(0),
      addEventListener: (type: string, listen: (event: object) => void) => element.listeners.set(type, listen),
      focus() {},
      value: "",
    };
    created.push(element);
    return element;
  };
  const asked: (string | undefined)[] = [];
  let settle = Promise.withResolvers<void>();
  const page = {
    shown: undefined as object | undefined,
    get problems() {
      return created.filter(({ tag }) => tag === "p").map(({ textContent }) => textContent);
    },
    async submit(key: string) {
      const form = created.findLast(({ tag }) => tag === "form");
      const input = created.findLast(({ tag }) => tag === "input");
      if (!form || !input) throw new Error("nothing asks for a key");
      input["value"] = key;
      settle = Promise.withResolvers();
      form.listeners.get("submit")?.({ preventDefault() {} });
      await settle.promise;
    },
  };
  const bundle = (options: { spec: { openapi: string }; onComplete: () => void }) => {
    const window = scope.window as { ui?: object };
    queueMicrotask(options.onComplete);
    window.ui = {
      preauthorizeApiKey: (...authorized: readonly string[]) => {
        page.shown = { openapi: options.spec.openapi, authorized };
        settle.resolve();
      },
    };
    return window.ui;
  };
  const scope = {
    window: {},
    document: {
      currentScript: { src: `${gateway.url}/swagger/assets/start-page.js?v=1` },
      getElementById: () => ({ dataset: { url: "/swagger/json" } }),
      createElement,
      head: createElement("head"),
      body: createElement("body"),
    },
    SwaggerUIBundle: bundle,
    async fetch(path: string, { headers }: { headers: { authorization?: string } }) {
      asked.push(headers.authorization);
      const response = await fetch(gateway.url + path, { headers });
      // What is done with it follows in the same turn, but for the document, which is read first.
      if (!response.ok) setTimeout(() => settle.resolve());
      return response;
    },
  };
  new Function(...Object.keys(scope), script)(...Object.values(scope));
  created.find(({ tag, src }) => tag === "script" && String(src).includes("bundle"))?.listeners.get("load")?.({});
  await settle.promise;
  return { asked, page };
}
