import { swagger } from "@elysiajs/swagger";
import { Elysia } from "elysia";
import { ROUTES } from "../routes.ts";
import { toComponents } from "./components.ts";
import { createAssetServer } from "./assets.ts";
import { describeRoutes, type ExampleModels } from "./describe-routes.ts";
import { SECURITY_SCHEMES } from "./operation.ts";

/** Where the page is; the document and the assets are below it. */
const [PAGE_PATH] = ROUTES.documentation.paths;

/** What the documentation needs to know. */
export interface DocumentationOptions {
  /** Version of the gateway, as package.json has it. */
  readonly version: string;
  readonly examples?: ExampleModels;
}

/**
 * The OpenAPI document at `/swagger/json` and its page at `/swagger`, which loads nothing from any other host.
 * @returns an Elysia plugin with three GET routes, all of them hidden from the document's generated part
 */
export async function documentation(options: DocumentationOptions) {
  const { paths, tags, schemas } = await describeRoutes(options.examples);
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
          tags: [...tags],
          paths,
          components: {
            schemas: toComponents(schemas),
            securitySchemes: { ...SECURITY_SCHEMES },
          },
        },
      }),
    );
}

/** The text of the inert script element in which the plugin's page holds its settings: a browser counts it as inline. */
const SETTINGS_ELEMENT_TEXT = "\n    ";

function hashSource(text: string): string {
  return `'sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}'`;
}

/**
 * Forbids the documentation page everything but this gateway, so that a browser itself keeps it from other hosts.
 * Inline styles are allowed: Swagger UI sets them on its elements.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src 'self' ${hashSource(SETTINGS_ELEMENT_TEXT)}`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
