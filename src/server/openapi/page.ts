import { swagger } from "@elysiajs/swagger";
import { Elysia } from "elysia";
import { SCHEMAS } from "./schemas.ts";
import { toComponents } from "./components.ts";
import { createAssetServer } from "./assets.ts";
import { CONTENT_SECURITY_POLICY } from "./content-security-policy.ts";
import { ROUTE_DOCUMENTATION } from "./paths.ts";

/** Where the page is; the document and the assets lie below it. */
const PAGE_PATH = "/swagger";

const TAGS = [
  { name: "Chat", description: "Chat completions over every provider." },
  { name: "Models", description: "What can be asked." },
  { name: "Messages", description: "Anthropic's Messages API." },
  { name: "Responses", description: "OpenAI's Responses API." },
  { name: "Embeddings", description: "Vectors from text." },
  { name: "MCP", description: "Tools of the connected MCP servers." },
  { name: "Proxy", description: "Everything else a provider has." },
  { name: "Health", description: "State of the gateway." },
  { name: "Documentation", description: "What you are looking at." },
];

/** What the documentation needs to know. */
export interface DocumentationOptions {
  /** Version of the gateway, as package.json has it. */
  readonly version: string;
}

/**
 * The OpenAPI document at `/swagger/json` and its page at `/swagger`, which loads nothing from any other host.
 * @returns an Elysia plugin with three GET routes, all of them hidden from the document's generated part
 */
export function documentation(options: DocumentationOptions) {
  const serveAsset = createAssetServer();
  return new Elysia({ name: "documentation" })
    .onBeforeHandle(({ set }) => {
      set.headers["content-security-policy"] = CONTENT_SECURITY_POLICY;
    })
    .get(
      `${PAGE_PATH}/assets/:name`,
      ({ params, request }) => serveAsset(params.name, request.headers.get("accept-encoding")),
      { detail: { hide: true } },
    )
    .use(
      swagger({
        path: PAGE_PATH,
        // The plugin's other page loads Swagger UI from a fixed public host. This one takes any script, and Scalar's own
        // would cost twenty times the packages.
        provider: "scalar",
        scalarCDN: `${PAGE_PATH}/assets/start-page.js?v=${encodeURIComponent(options.version)}`,
        scalarConfig: { spec: { url: `${PAGE_PATH}/json` }, customCss: "" },
        // The generated part knows neither raw bodies nor wildcards: the paths below are the whole of it.
        exclude: /^/,
        documentation: {
          info: {
            title: "Inference Gateway",
            description: "One API in front of many providers of language models.",
            version: options.version,
          },
          servers: [{ url: "/", description: "This gateway" }],
          tags: TAGS,
          paths: ROUTE_DOCUMENTATION,
          components: {
            schemas: toComponents(SCHEMAS),
            securitySchemes: {
              bearer: { type: "http", scheme: "bearer", description: "A JWT of the issuer, or one of AUTH_API_KEYS." },
            },
          },
        },
      }),
    );
}
