import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { posix } from "node:path";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { GUIDE_PAGES, headingAnchors, readPage } from "./markdown.ts";

const names = GUIDE_PAGES.map((page) => [posix.basename(page, ".md"), page] as const);
const KEY = "key-of-a-reader";

let gateway: RunningGateway;
let guarded: RunningGateway;
let hidden: RunningGateway;

beforeAll(async () => {
  [gateway, guarded, hidden] = await Promise.all([
    startGateway(),
    startGateway({ AUTH_ENABLED: "true", AUTH_API_KEYS: KEY }),
    startGateway({ SWAGGER_ENABLED: "false" }),
  ]);
});
afterAll(async () => {
  await Promise.all([gateway, guarded, hidden].map((one) => one.stop()));
});

/** Values of every attribute that can refer to something, by a browser's own rules for markup. */
function references(html: string): { readonly links: string[]; readonly others: string[]; readonly tags: Set<string> } {
  const links: string[] = [];
  const others: string[] = [];
  const tags = new Set<string>();
  new HTMLRewriter()
    .on("*", {
      element(element) {
        tags.add(element.tagName);
        for (const [name = "", value = ""] of element.attributes) {
          if (element.tagName === "a" && name === "href") links.push(value);
          else if (/^(href|src|srcset|action|formaction|data|poster|background|style|on.*)$/.test(name)) {
            others.push(`${element.tagName} ${name}=${value}`);
          }
        }
      },
    })
    .transform(html);
  return { links, others, tags };
}

const idsOf = (html: string): string[] => [...html.matchAll(/<h[1-6] id="([^"]*)"/g)].map(([, id = ""]) => id);

async function page(path: string): Promise<string> {
  const response = await fetch(gateway.url + path);
  expect([path, response.status]).toEqual([path, 200]);
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  return response.text();
}

describe("the guide, served,", () => {
  test.each(names)("has %s as HTML and as Markdown", async (name, file) => {
    const html = await page(`/docs/${name}`);
    const markdown = readPage(file);
    expect(html).toContain(`<h1 id="${headingAnchors(markdown)[0]}">`);
    expect(idsOf(html)).toEqual(headingAnchors(markdown));
    const raw = await fetch(`${gateway.url}/docs/${name}.md`);
    expect([raw.status, raw.headers.get("content-type")]).toEqual([200, "text/markdown; charset=utf-8"]);
    expect(await raw.text()).toBe(markdown);
  });

  test("has its first page at /docs, with or without a slash", async () => {
    for (const path of ["/docs", "/docs/"]) expect(await page(path)).toContain("<title>Inference Gateway</title>");
  });

  test.each(["/docs", "/docs/", ...names.map(([name]) => `/docs/${name}`)])(
    "links %s to what is there",
    async (path) => {
      const { links } = references(await page(path));
      expect(links.length).toBeGreaterThan(names.length);
      for (const link of links) {
        const url = new URL(link, gateway.url + path);
        if (url.origin !== gateway.url) {
          expect(url.protocol).toBe("https:");
          continue;
        }
        const response = await fetch(url);
        const text = await response.text();
        expect([link, response.status]).toEqual([link, 200]);
        if (url.hash !== "") expect(idsOf(text)).toContain(url.hash.slice(1));
      }
    },
  );

  test.each(names)("loads nothing for %s and runs nothing", async (name) => {
    const response = await fetch(`${gateway.url}/docs/${name}`);
    const html = await response.text();
    const { others, tags } = references(html);
    expect(others).toEqual([]);
    for (const tag of ["script", "link", "img", "iframe", "object", "form", "base"]) expect(tags).not.toContain(tag);
    const style = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? "";
    expect(style).not.toMatch(/url\(|@import|https?:/);
    const hash = new Bun.CryptoHasher("sha256").update(style).digest("base64");
    expect(response.headers.get("content-security-policy")?.split("; ")).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${hash}'`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("links relatively, so that it works below the path of a reverse proxy", async () => {
    for (const path of ["/docs", "/docs/", "/docs/settings"]) {
      const { links } = references(await page(path));
      expect(links.filter((link) => link.startsWith("/"))).toEqual([]);
    }
  });

  test.each([
    "/docs/nothing",
    "/docs/nothing.md",
    "/docs/.md",
    "/docs/constructor",
    "/docs/settings/x",
    "/docs/%2e%2e%2fREADME",
  ])("has no page at %s", async (path) => {
    const response = await fetch(gateway.url + path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "route_not_found" });
  });

  test("needs a credential if everything else does", async () => {
    for (const path of ["/docs", "/docs/settings", "/docs/settings.md", "/docs/nothing"]) {
      expect((await fetch(guarded.url + path)).status).toBe(401);
    }
    const allowed = await fetch(`${guarded.url}/docs/settings`, { headers: { authorization: `Bearer ${KEY}` } });
    expect(allowed.status).toBe(200);
  });

  test("is hidden with the API reference", async () => {
    for (const path of ["/docs", "/docs/settings", "/docs/settings.md", "/swagger"]) {
      const response = await fetch(hidden.url + path);
      expect([404, 405]).toContain(response.status);
      expect(response.headers.get("content-type")).toBe("application/json");
    }
  });

  test("is logged under one route, with what it sent", async () => {
    const response = await fetch(`${gateway.url}/docs/errors.md`, { headers: { "x-request-id": "reader" } });
    const bytes = (await response.bytes()).length;
    const line = await gateway.logged((line) => line["request_id"] === "reader");
    expect(line).toMatchObject({ route: "/docs", status: 200, bytes_out: bytes });
  });
});
