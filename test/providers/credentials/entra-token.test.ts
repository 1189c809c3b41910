import { describe, expect, test } from "bun:test";
import { AZURE_AI_SCOPE, type EntraSettings } from "../../../src/providers/credentials/entra-settings.ts";
import { issueEntraToken } from "../../../src/providers/credentials/entra-token.ts";
import { startTokenServer } from "../../fixtures/token-server.ts";
import { faultOf, issuingParts, NOW } from "./issuing-parts.ts";

const settings = (authority: string, proof: EntraSettings["proof"]): EntraSettings => ({
  kind: "entra",
  authority,
  tenantId: "contoso.onmicrosoft.com",
  clientId: "app-1",
  proof,
  scope: AZURE_AI_SCOPE,
});
const TOKEN = { token_type: "Bearer", access_token: "eyJ.entra.token", expires_in: 3599 };

describe("a token of Entra ID", () => {
  test("is got with the secret of an application", async () => {
    await using server = startTokenServer(() => Response.json(TOKEN));
    const issued = await issueEntraToken(settings(server.url, { clientSecret: "app-secret" }), issuingParts());
    const [call] = server.calls;
    expect([call?.method, call?.target]).toEqual(["POST", "/contoso.onmicrosoft.com/oauth2/v2.0/token"]);
    expect(Object.fromEntries(new URLSearchParams(call?.body))).toEqual({
      grant_type: "client_credentials",
      client_id: "app-1",
      scope: "https://cognitiveservices.azure.com/.default",
      client_secret: "app-secret",
    });
    expect([issued.expiresAt, issued.secrets]).toEqual([NOW + 3_599_000, ["eyJ.entra.token", "app-secret"]]);
    const request = { url: "https://h.example/", method: "POST", body: null };
    expect(await issued.authorize(request)).toEqual({ authorization: "Bearer eyJ.entra.token" });
  });

  test("is got with the token of a workload identity, which is read each time", async () => {
    await using server = startTokenServer(() => Response.json(TOKEN));
    const files: Record<string, string> = { "/federated": "first.token" };
    const parts = issuingParts(files);
    for (const token of ["first.token", "second.token"]) {
      files["/federated"] = `${token}\n`;
      await issueEntraToken(settings(server.url, { tokenFile: "/federated" }), parts);
    }
    expect(server.calls.map(({ body }) => new URLSearchParams(body).get("client_assertion"))).toEqual([
      "first.token",
      "second.token",
    ]);
    expect(new URLSearchParams(server.calls[0]?.body).get("client_assertion_type")).toBe(
      "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    );
  });

  test("is refused without the secret being said", async () => {
    const said = { error: "invalid_client", error_description: "AADSTS7000215: app-secret is wrong" };
    await using server = startTokenServer(() => Response.json(said, { status: 401 }));
    const error = await faultOf(issueEntraToken(settings(server.url, { clientSecret: "app-secret" }), issuingParts()));
    expect([error.fault, error.message]).toEqual([
      "credentials_invalid",
      "Microsoft Entra ID answered with status 401",
    ]);
    expect(error.detail).toContain("AADSTS7000215");
    expect(error.detail).not.toContain("app-secret");
  });

  test("is unavailable if nobody answers in time", async () => {
    const parts = issuingParts({}, { fetch: () => Promise.reject(new DOMException("late", "TimeoutError")) });
    const error = await faultOf(issueEntraToken(settings("https://login.example", { clientSecret: "s" }), parts));
    expect(error.fault).toBe("credentials_unavailable");
  });
});
