import { describe, expect, test } from "bun:test";
import { loadConfig } from "../../fixtures/load-config.ts";
import { printConfig } from "../../../src/cli/print-config.ts";

const CUSTOM = { CUSTOM_PROVIDERS: "my-tgi", MY_TGI_API_URL: "http://host/v1" };

describe("<ID>_RELAY_HEADERS", () => {
  test("names headers for built-in and custom providers, in any case, each once", () => {
    const loaded = loadConfig({
      ...CUSTOM,
      OPENAI_RELAY_HEADERS: "HTTP-Referer, x-title,X-TITLE,, session_id",
      MY_TGI_RELAY_HEADERS: "X-Tenant",
    });
    if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
    const { providers, warnings } = { ...loaded.config, ...loaded };
    const extra = Object.fromEntries(providers.map(({ id, extraRequestHeaders }) => [id, extraRequestHeaders]));
    expect(extra["openai"]).toEqual(["http-referer", "x-title", "session_id"]);
    expect(extra["my-tgi"]).toEqual(["x-tenant"]);
    expect(extra["groq"]).toEqual([]);
    expect(JSON.stringify(warnings)).not.toContain("RELAY_HEADERS");
    expect(printConfig(loaded.config).split("\n")).toContain("OPENAI_RELAY_HEADERS=http-referer,x-title,session_id");
  });

  test.each([
    ["Authorization", "the caller's credential"],
    ["x-ok, X-Api-Key", "the caller's credential"],
    ["api_key", "the caller's credential"],
    ["cookie", "the caller's credential"],
    ["proxy-authorization", "the caller's credential"],
    ["Host", "the connection with the caller"],
    ["content-length", "how the body is to be read"],
    ["content-encoding", "how the body is to be read"],
    ["Transfer-Encoding", "the connection with the caller"],
    ["connection", "the connection with the caller"],
    ["TE", "the connection with the caller"],
    ["x-mcp-bypass", "for the gateway itself"],
  ])("refuses %s at start and says why", (value, reason) => {
    const loaded = loadConfig({ OPENAI_RELAY_HEADERS: value });
    expect(loaded.ok ? [] : loaded.problems).toEqual([expect.stringContaining(reason)]);
    expect(loaded.ok ? [] : loaded.problems).toEqual([
      expect.stringMatching(/^OPENAI_RELAY_HEADERS="[a-z_-]+" is not accepted/),
    ]);
  });

  test.each(["X-Title: my app", "x-*:", "x-", "a b", "é", "x-title=sk-secret-0123456789"])(
    "takes names only, and repeats nothing that is none: %j",
    (value) => {
      const loaded = loadConfig({ OPENAI_RELAY_HEADERS: value });
      const [problem = "", ...others] = loaded.ok ? [] : loaded.problems;
      expect(others).toEqual([]);
      expect(problem).toContain("expected a comma-separated list of header names, without credentials");
      expect(problem).not.toMatch(/secret|my app/);
    },
  );
});
