import { afterAll, describe, expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Elysia } from "elysia";
import { documentation } from "../../src/server/openapi/page.ts";

/** Every schema of the reference's "Schema Reference", under its own name. */
const REFERENCE_SCHEMAS = [
  "ListModelsResponse",
  "ProviderAuthType",
  "ProviderSpecificResponse",
  "CreateChatCompletionRequest",
  "ChatCompletionStreamOptions",
  "MessageRole",
  "MessageContent",
  "ContentPart",
  "TextContentPart",
  "ImageContentPart",
  "ImageURL",
  "CreateChatCompletionResponse",
  "ChatCompletionChoice",
  "FinishReason",
  "CompletionUsage",
  "ChatCompletionTokenLogprob",
  "CreateChatCompletionStreamResponse",
  "SSEvent",
  "ChatCompletionStreamChoice",
  "ChatCompletionStreamResponseDelta",
  "ChatCompletionMessageToolCallChunk",
  "ChatCompletionTool",
  "ChatCompletionToolType",
  "FunctionObject",
  "FunctionParameters",
  "ChatCompletionMessageToolCall",
  "ChatCompletionMessageToolCallFunction",
  "ToolCallExtraContent",
  "ListToolsResponse",
  "MCPTool",
  // Named by its fields only.
  "Provider",
  "Model",
  "Message",
];

/** Every public route with its methods. */
const ROUTES: readonly (readonly [string, readonly string[]])[] = [
  ["/health", ["get"]],
  ["/v1/health", ["get"]],
  ["/health/ready", ["get"]],
  ["/v1/models", ["get"]],
  ["/v1/models/{id}", ["get"]],
  ["/v1/chat/completions", ["post"]],
  ["/v1/completions", ["post"]],
  ["/v1/messages", ["post"]],
  ["/v1/messages/count_tokens", ["post"]],
  ["/v1/responses", ["post"]],
  ["/v1/responses/compact", ["post"]],
  ["/v1/responses/input_tokens", ["post"]],
  ["/v1/responses/{id}", ["get", "delete"]],
  ["/v1/responses/{id}/input_items", ["get"]],
  ["/v1/responses/{id}/cancel", ["post"]],
  ["/v1beta/models/{model}:generateContent", ["post"]],
  ["/v1beta/models/{model}:streamGenerateContent", ["post"]],
  ["/v1beta/models/{model}:countTokens", ["post"]],
  ["/v1beta/models", ["get"]],
  ["/v1beta/models/{model}", ["get"]],
  ["/v1/embeddings", ["post"]],
  ["/v1/routing", ["get"]],
  ["/v1/usage", ["get"]],
  ["/v1/requests", ["get"]],
  ["/v1/requests/{id}", ["get"]],
  ["/v1/metrics", ["post"]],
  ["/v1/mcp/tools", ["get"]],
  ["/swagger", ["get"]],
  ["/swagger/assets/{name}", ["get"]],
  ["/swagger/json", ["get"]],
  ["/docs", ["get"]],
  ["/", ["get"]],
  ["/docs/{page}", ["get"]],
  ["/proxy/{provider}/{path}", ["get", "head", "post", "put", "patch", "delete", "options"]],
  ["/v1/proxy/{provider}/{path}", ["get", "head", "post", "put", "patch", "delete", "options"]],
];

interface Operation {
  readonly operationId: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly responses: Record<string, unknown>;
}

interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

// The other routes stand for the gateway's own, which the document must not repeat in their generated form.
const gateway = new Elysia()
  .use(await documentation({ version: "1.2.3" }))
  .post("/v1/chat/completions", () => "chat")
  .get("/unlisted", () => "unlisted")
  .all("/proxy/*", () => "proxy")
  .listen({ hostname: "127.0.0.1", port: 0, reusePort: false, development: false });
const base = `http://127.0.0.1:${gateway.server?.port}`;
afterAll(() => gateway.stop(true));

async function openApiDocument(): Promise<OpenApiDocument> {
  const response = await fetch(`${base}/swagger/json`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toStartWith("application/json");
  return (await response.json()) as OpenApiDocument;
}

/** Every `$ref` in a JSON value. */
function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    key === "$ref" && typeof member === "string" ? [member] : references(member),
  );
}

describe("the OpenAPI document", () => {
  test("is valid OpenAPI 3.0", async () => {
    const document = await openApiDocument();
    const result = await new Validator().validate({ ...document });
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    expect(document.openapi).toBe("3.0.3");
    expect(document.info).toMatchObject({ title: "Inference Gateway", version: "1.2.3" });
  });

  test("has no reference that leads nowhere", async () => {
    const document = await openApiDocument();
    const found = references(document);
    expect(found.length).toBeGreaterThan(100);
    const known = new Set(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`));
    expect(found.filter((reference) => !known.has(reference))).toEqual([]);
  });

  test("has every schema of the reference as a component", async () => {
    const { components } = await openApiDocument();
    expect(REFERENCE_SCHEMAS.filter((name) => !(name in components.schemas))).toEqual([]);
  });

  test("names the headers that say who answered for a name of the gateway's own", async () => {
    const { paths } = await openApiDocument();
    const headers = JSON.stringify(paths["/v1/chat/completions"]?.["post"]);
    for (const name of ["X-Selected-Provider", "X-Selected-Model", "X-Attempts"])
      expect(headers).toContain(`"${name}"`);
  });

  test("has every route of the contract, and no other", async () => {
    const { paths } = await openApiDocument();
    expect(Object.keys(paths).sort()).toEqual(ROUTES.map(([path]) => path).sort());
    for (const [path, methods] of ROUTES) {
      const documented = Object.keys(paths[path] ?? {}).filter((key) => key !== "parameters");
      expect([path, ...documented.sort()]).toEqual([path, ...[...methods].sort()]);
    }
  });

  test("says which routes need a credential, as their rows do", async () => {
    const { paths } = await openApiDocument();
    for (const [path, methods] of ROUTES) {
      const open = path.includes("/health") || /^\/(?:swagger(?:\/assets.*)?)?$/.test(path);
      for (const method of methods) {
        const { security, responses } = paths[path]?.[method] ?? {};
        const google = /^\/v1(?:beta)?\/models/.test(path) ? [{ x_goog_api_key: [] }] : [];
        const query = path.startsWith("/v1beta/") ? [{ google_key: [] }] : [];
        const ways = [{ bearer: [] }, { x_api_key: [] }, { api_key: [] }, ...google, ...query];
        expect([path, security]).toEqual([path, open ? [] : ways]);
        expect([path, "401" in (responses ?? {})]).toEqual([path, !open]);
      }
    }
  });

  test("describes each part of a path", async () => {
    const { paths } = await openApiDocument();
    for (const [path, item] of Object.entries(paths)) {
      const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const [method, { parameters = [] }] of Object.entries(item).filter(([key]) => key !== "parameters")) {
        const described = [item["parameters"], parameters].flat().flatMap((parameter) => {
          const { in: place, name } = (parameter ?? {}) as { in?: string; name?: string };
          return place === "path" ? [name] : [];
        });
        expect([method, path, described]).toEqual([method, path, parts]);
      }
    }
  });

  test("tells the headers of tools if tools are offered", async () => {
    const { paths } = await openApiDocument();
    const steered = Object.entries(paths).filter(([, { post }]) =>
      post?.parameters?.some(({ in: place, name }) => place === "header" && name === "X-MCP-Bypass"),
    );
    expect(steered.map(([path]) => path)).toEqual([
      "/v1/chat/completions",
      "/v1/messages",
      "/v1/responses",
      "/v1beta/models/{model}:generateContent",
      "/v1beta/models/{model}:streamGenerateContent",
    ]);
  });

  test("gives every operation an id of its own", async () => {
    const { paths } = await openApiDocument();
    const ids = ROUTES.flatMap(([path, methods]) => methods.map((method) => paths[path]?.[method]?.operationId));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain(undefined);
  });

  test("tells the errors of each dialect, and streams", async () => {
    const { paths } = await openApiDocument();
    const chat = paths["/v1/chat/completions"]?.["post"]?.responses ?? {};
    expect(Object.keys(chat)).toEqual(["200", "400", "401", "403", "413", "415", "429", "500", "502", "504"]);
    expect(chat["200"]).toMatchObject({
      content: {
        "application/json": { schema: { $ref: "#/components/schemas/CreateChatCompletionResponse" } },
        "text/event-stream": { schema: { $ref: "#/components/schemas/SSEvent" } },
      },
    });
    expect(references(chat["400"])).toEqual(["#/components/schemas/ErrorResponse"]);
    const messages = paths["/v1/messages"]?.["post"]?.responses ?? {};
    for (const status of ["400", "401", "403", "500", "502", "504"]) {
      expect(references(messages[status])).toEqual(["#/components/schemas/AnthropicErrorResponse"]);
    }
  });
});

/** URLs in attributes of tags and in `url()` and `@import` of styles that would make a browser load something. */
function loadedUrls(text: string): string[] {
  const attributes = text.matchAll(
    /<(?:script|link|img|iframe|source|image|use)\b[^>]*?\b(?:src|href)=["']?([^"'\s>]+)/gi,
  );
  const styles = text.matchAll(/(?:url\(\s*["']?|@import\s+["'])([^"')]+)/gi);
  return [...attributes, ...styles].map((match) => match[1] ?? "");
}

describe("the page", () => {
  test("loads nothing from another host, and forbids the browser to", async () => {
    const response = await fetch(`${base}/swagger`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toStartWith("text/html");
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
    expect(policy.split("; ").find((directive) => directive.startsWith("script-src"))).not.toContain("unsafe-inline");

    const page = await response.text();
    expect(page).toContain("<title>Inference Gateway</title>");
    expect(page).not.toMatch(/https?:\/\//);
    const urls = loadedUrls(page);
    expect(urls).toEqual(["/swagger/assets/start-page.js?v=1.2.3"]);
  });

  test("allows the inline element that holds its settings", async () => {
    const response = await fetch(`${base}/swagger`);
    const page = await response.text();
    const inline = [...page.matchAll(/<script\b(?![^>]*\bsrc=)[^>]*>([^]*?)<\/script>/g)].map(
      (match) => match[1] ?? "",
    );
    expect(inline).toHaveLength(1);
    const hash = new Bun.CryptoHasher("sha256").update(inline[0] ?? "").digest("base64");
    expect(response.headers.get("content-security-policy")).toContain(`'sha256-${hash}'`);
    expect(page).toContain('data-url="/swagger/json"');
  });

  test("starts from assets that are here and name no other host", async () => {
    const start = await (await fetch(`${base}/swagger/assets/start-page.js?v=1.2.3`)).text();
    expect(start).not.toMatch(/https?:\/\//);
    // The bundle's default would tell a public validator the address of the gateway.
    expect(start).toContain("validatorUrl: null");
    const siblings = [...start.matchAll(/sibling\("([^"]+)"\)/g)].map((match) => match[1]);
    expect(siblings).toEqual(["swagger-ui.css", "swagger-ui-bundle.js"]);

    const style = await (await fetch(`${base}/swagger/assets/swagger-ui.css?v=1.2.3`)).text();
    expect(loadedUrls(style).filter((url) => !url.startsWith("data:"))).toEqual([]);
    const bundle = await fetch(`${base}/swagger/assets/swagger-ui-bundle.js?v=1.2.3`);
    expect(bundle.headers.get("content-type")).toStartWith("text/javascript");
    expect(await bundle.text()).toContain("SwaggerUIBundle");
  });

  test("sends its assets to be kept, compressed if the browser takes that", async () => {
    const url = `${base}/swagger/assets/swagger-ui.css`;
    const plain = await fetch(url, { headers: { "accept-encoding": "identity" }, decompress: false });
    const refused = await fetch(url, { headers: { "accept-encoding": "gzip;q=0" }, decompress: false });
    const packed = await fetch(url, { headers: { "accept-encoding": "gzip, br" }, decompress: false });
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(refused.headers.get("content-encoding")).toBeNull();
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(packed.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(packed.headers.get("content-type")).toBe("text/css; charset=utf-8");
    expect(Bun.gunzipSync(await packed.arrayBuffer())).toEqual(new Uint8Array(await plain.arrayBuffer()));
  });

  test("has no asset but its own", async () => {
    for (const name of ["nothing.js", "constructor", "..%2fpackage.json"]) {
      const response = await fetch(`${base}/swagger/assets/${name}`);
      expect(response.status).toBe(404);
    }
  });

  test("keeps its policy to itself", async () => {
    const response = await fetch(`${base}/proxy/openai/models`);
    expect(response.headers.get("content-security-policy")).toBeNull();
  });
});
