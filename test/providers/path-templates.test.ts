import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { SMALLEST } from "../routes/requests.ts";
import { bodyText, KEY, type StartedGateway, startBesideProvider } from "../routes/started-gateway.ts";

const TENANT = "tenant-secret-4711";

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    CUSTOM_PROVIDERS: "lab",
    LAB_API_URL: `${url}/base/v1?zone=eu`,
    LAB_API_KEY: KEY,
    LAB_AUTH_HEADER: "Ocp-Apim-Subscription-Key",
    LAB_HEADERS: `X-Tenant: ${TENANT}`,
    LAB_QUERY: "api-version=2024-10-21",
    LAB_APIS:
      "chat=/openai/deployments/{model}/{chat|stream?alt=sse}, embeddings=/openai/deployments/{model}/embed x-embed-key: Token, messages=/v1beta/{model}/messages, responses",
  }));
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

const OWN = "zone=eu&api-version=2024-10-21";

test.each([
  ["/v1/chat/completions", {}, `/base/v1/openai/deployments/org%2Fm%20%C3%A9/chat?${OWN}`],
  ["/v1/chat/completions", { stream: true }, `/base/v1/openai/deployments/org%2Fm%20%C3%A9/stream?alt=sse&${OWN}`],
  ["/v1/embeddings", {}, `/base/v1/openai/deployments/org%2Fm%20%C3%A9/embed?${OWN}`],
  ["/v1/messages", {}, `/base/v1beta/org%2Fm%20%C3%A9/messages?${OWN}`],
  ["/v1/responses", {}, `/base/v1/responses?${OWN}`],
] as const)("%s with %j goes to %s with everything that was set", async (route, more, target) => {
  const body = { ...SMALLEST[route], ...more, model: "lab/org/m é" };
  const query = "?alt=json&ZONE=us&x=%201";
  await started.post(`${route}${query}`, body, { "x-tenant": "other", "ocp-apim-subscription-key": "callers" });
  const call = started.takeCall();
  const given = "stream" in more ? "x=%201" : "alt=json&x=%201";
  expect(call.target).toBe(`${target}&${given}`);
  const isEmbedding = route === "/v1/embeddings";
  expect([call.header("x-tenant"), call.header("ocp-apim-subscription-key"), call.header("x-embed-key")]).toEqual([
    TENANT,
    isEmbedding ? undefined : KEY,
    isEmbedding ? `Token ${KEY}` : undefined,
  ]);
  expect(JSON.parse(bodyText(call))).toEqual({ ...body, model: "org/m é" });
});

test.each(["/v1/chat/completions", "/v1/messages"] as const)(
  "a model that could be a path is refused in the form of %s, and nothing is sent",
  async (route) => {
    for (const model of ["lab/..", "lab/../../admin", "lab/a/%2e%2e/b", "lab/\ud800x"]) {
      const response = await started.post(route, { ...SMALLEST[route], model });
      const body = await response.text();
      expect([response.status, started.takeCalls()]).toEqual([400, []]);
      expect(body).toContain("model cannot be a part of a path");
      if (route === "/v1/messages") expect(JSON.parse(body)).toMatchObject({ type: "error" });
    }
  },
);

test("/proxy has the credential of such a path", async () => {
  const proxied = async (path: string): Promise<(string | undefined)[]> => {
    await started.send("POST", `/proxy/lab/${path}`, "{}");
    const call = started.takeCall();
    return [call.target, call.header("x-embed-key"), call.header("ocp-apim-subscription-key")];
  };
  expect(await proxied("openai/deployments/m%2Fn/embed")).toEqual([
    `/base/v1/openai/deployments/m%2Fn/embed?${OWN}`,
    `Token ${KEY}`,
    undefined,
  ]);
  expect(await proxied("openai/deployments/m/chat")).toEqual([
    `/base/v1/openai/deployments/m/chat?${OWN}`,
    undefined,
    KEY,
  ]);
  expect(await proxied("v1beta/m/messages/batches")).toEqual([
    `/base/v1beta/m/messages/batches?${OWN}`,
    undefined,
    KEY,
  ]);
});
