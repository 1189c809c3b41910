import { type Operation, type Parameter, type PathItem, operation } from "./operation.ts";
import { PROXY_METHODS } from "../routes.ts";

const METHODS = PROXY_METHODS.map((method) => method.toLowerCase());
/** Methods whose requests carry a body as a rule. */
const WITH_BODY: ReadonlySet<string> = new Set(["put", "post", "patch"]);

const PARAMETERS: Parameter[] = [
  {
    name: "provider",
    in: "path",
    required: true,
    description: "Id of the provider.",
    schema: { $ref: "#/components/schemas/Provider" },
  },
  {
    name: "path",
    in: "path",
    required: true,
    description: "Path at the provider; slashes stand as they are.",
    schema: { type: "string" },
  },
];

function proxyOperation(method: string, suffix: string): Operation {
  const written = operation({
    id: `${method}Proxy${suffix}`,
    tag: "Proxy",
    summary: "Pass a request through to a provider",
    description:
      "Path, query, body and answer pass through unchanged, whatever their types and statuses; only the credential is " +
      "the gateway's. Headers pass in both directions by allow-list. Errors of the provider are relayed as they are, but for " +
      "its key.",
    answer: "ProviderSpecificResponse",
    errors: [400, 403, 404, 413, 502, 504],
  });
  if (!WITH_BODY.has(method)) return written;
  return { ...written, requestBody: { content: { "*/*": { schema: {} } } } };
}

/**
 * Documents the proxy under one of its two prefixes.
 * @param suffix keeps the operation ids of the second prefix apart from those of the first
 */
export function proxyPath(suffix: string): PathItem {
  const operations = METHODS.map((method) => [method, proxyOperation(method, suffix)]);
  return { parameters: PARAMETERS, ...Object.fromEntries(operations) };
}
