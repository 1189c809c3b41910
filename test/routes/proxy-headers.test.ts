import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { chunk, end, head, type HeaderList } from "../fixtures/script.ts";
import { byTransport } from "../fixtures/transport-differences.ts";
import { KEY, type StartedGateway, startBesideProvider, threeProviders } from "./started-gateway.ts";

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    ...threeProviders(url),
    GOOGLE_API_URL: `${url}/google/v1beta/openai`,
    GOOGLE_API_KEY: KEY,
    CLOUDFLARE_API_URL: `${url}/cloudflare`,
    CLOUDFLARE_API_KEY: KEY,
    GROQ_RELAY_HEADERS: "HTTP-Referer, X-Title, session_id",
    CUSTOM_PROVIDERS: "mine",
    MINE_API_URL: `${url}/mine`,
    MINE_RELAY_HEADERS: "X-Ms-Client-Request-Id",
  }));
});
beforeEach(() => {
  started.answerWith(json(200, {}));
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

const PROVIDERS = ["openai", "anthropic", "groq", "google", "cloudflare", "mine"];

/** Fields that name the caller, the way or another request, by the proxies and servers that set or obey them. */
const HOSTILE_TO_PROVIDERS = [
  ...["Authorization", "Proxy-Authorization", "X-Api-Key", "Api-Key", "X-Goog-Api-Key", "Cookie", "Cookie2"],
  ...[
    "Cf-Access-Jwt-Assertion",
    "Cf-Access-Authenticated-User-Email",
    "Cf-Access-Client-Id",
    "Cf-Access-Client-Secret",
  ],
  ...["Cf-Connecting-Ip", "Cf-Ray", "Cf-Worker", "Cf-Aig-Authorization", "Cf-Aig-Token"],
  ...["X-Amzn-Oidc-Data", "X-Amzn-Oidc-Identity", "X-Amzn-Oidc-Accesstoken", "X-Amzn-Trace-Id", "X-Amz-Security-Token"],
  ...["X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Access-Token", "X-Auth-Request-Groups"],
  ...["X-Goog-Iap-Jwt-Assertion", "X-Goog-Authenticated-User-Email", "X-Goog-Authenticated-User-Id"],
  ...["X-Ms-Client-Principal", "X-Ms-Client-Principal-Name", "X-Ms-Token-Aad-Id-Token", "X-Ms-Token-Aad-Access-Token"],
  ...["Remote-User", "Remote-Groups", "Remote-Email", "X-Remote-User", "X-Remote-Group", "X-Webauth-User", "X-User"],
  ...["X-Authenticated-User", "X-Authentik-Jwt", "X-Pomerium-Jwt-Assertion", "X-Vouch-User", "X-Id-Token", "X-Jwt"],
  ...["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Access-Token"],
  ...["X-Forwarded-Client-Cert", "X-Client-Cert", "Ssl-Client-Cert", "X-Ssl-Client-S-Dn", "X-Client-Verify"],
  ...[
    "Forwarded",
    "Via",
    "Cdn-Loop",
    "X-Real-Ip",
    "True-Client-Ip",
    "X-Client-Ip",
    "Fastly-Client-Ip",
    "X-Azure-Clientip",
  ],
  ...["X-Original-Url", "X-Rewrite-Url", "X-Http-Method-Override", "X-Method-Override", "X-Host", "X-Original-Host"],
  ...["Origin", "Referer", "Sec-Fetch-Site", "Sec-Ch-Ua", "Dnt", "From", "Baggage", "X-B3-Traceid", "X-Request-Id"],
  ...[
    "Proxy",
    "Host-Override",
    "X-Mcp-Bypass",
    "Upgrade-Insecure-Requests",
    "X-Csrf-Token",
    "X-Custom",
    "Http-Referer",
  ],
  ...["OpenAI-Api-Key", "Anthropic-Auth-Token", "Openai-Authorization", "Groq-Secret", "X-Session-Token"],
] as const;

/** As CGI, WSGI and many others read names, a hyphen is as good as an underscore. */
const SPELLINGS: readonly (readonly [how: string, respell: (name: string) => string])[] = [
  ["as usual", (name) => name],
  ["in lower case", (name) => name.toLowerCase()],
  ["in capitals", (name) => name.toUpperCase()],
  ["with underscores", (name) => name.replaceAll("-", "_")],
  ["with one underscore", (name) => name.replace("-", "_")],
];

/** Batches that stay within the limit of fields. */
function batches(fields: HeaderList): HeaderList[] {
  const size = 60;
  return Array.from({ length: Math.ceil(fields.length / size) }, (_, index) =>
    fields.slice(index * size, (index + 1) * size),
  );
}

describe("to the provider", () => {
  test.each(SPELLINGS)("nothing goes that is not listed, spelt %s", async (_, respell) => {
    // What an open gateway looks at itself has to be good.
    const good: Readonly<Record<string, string>> = {
      Origin: "http://localhost",
      "Sec-Fetch-Site": "same-origin",
    };
    const hostile = HOSTILE_TO_PROVIDERS.map((name) => [respell(name), good[name] ?? "marked"] as const);
    expect(hostile.length).toBeGreaterThan(80);
    for (const provider of PROVIDERS) {
      for (const batch of batches(hostile)) {
        await using client = await openRawClient(started.gateway.port);
        const headers = batch.filter(([name]) => provider !== "groq" || name.toLowerCase() !== "http-referer");
        await client.request("POST", `/proxy/${provider}/x`, { headers, body: "{}" });
        expect((await client.head()).status).toBe(200);
        const call = started.takeCall();
        expect(call.headers.filter(([, value]) => value.includes("marked"))).toEqual([]);
        const names = call.headers.map(([name]) => name.toLowerCase()).sort();
        const own =
          provider === "anthropic" ? ["anthropic-version", "x-api-key"] : provider === "mine" ? [] : ["authorization"];
        const added = byTransport("addedHeaders", [], ["accept", "user-agent"]);
        expect(names).toEqual(["accept-encoding", "connection", "content-length", "host", ...added, ...own].sort());
      }
    }
  });

  const LISTED = {
    accept: "audio/mpeg",
    "accept-charset": "utf-8",
    "accept-encoding": "gzip;q=0.5, br",
    "accept-language": "fr",
    "cache-control": "no-store",
    "content-disposition": "attachment",
    "content-language": "fr",
    "content-md5": "Q2hlY2sgSW50ZWdyaXR5IQ==",
    "content-range": "bytes 0-1/2",
    "content-type": "text/x-odd; a=b",
    "idempotency-key": "i-1",
    "if-match": '"a"',
    "if-modified-since": "Sat, 29 Oct 1994 19:43:31 GMT",
    "if-none-match": '"b"',
    "if-range": '"c"',
    "if-unmodified-since": "Sat, 29 Oct 1994 19:43:31 GMT",
    "last-event-id": "7",
    prefer: "wait=5",
    range: "bytes=0-1",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    tracestate: "a=b",
    "user-agent": "me/1 (x)",
    "x-stainless-retry-count": "1",
    "x-stainless-lang": "js",
  };

  test("what the answer depends on goes, to every provider, as it was sent", async () => {
    for (const provider of PROVIDERS) {
      await using client = await openRawClient(started.gateway.port);
      await client.request("PUT", `/proxy/${provider}/x`, { headers: LISTED, body: "{}" });
      expect((await client.head()).status).toBe(200);
      const call = started.takeCall();
      for (const [name, value] of Object.entries(LISTED)) expect([name, call.header(name)]).toEqual([name, value]);
    }
  });

  const OWN: readonly (readonly [provider: string, name: string])[] = [
    ["openai", "OpenAI-Beta"],
    ["openai", "OpenAI-Organization"],
    ["openai", "OpenAI-Project"],
    ["openai", "X-Client-Request-Id"],
    ["anthropic", "Anthropic-Beta"],
    ["anthropic", "Anthropic-Version"],
    ["anthropic", "Anthropic-Dangerous-Direct-Browser-Access"],
    ["google", "X-Goog-Upload-Protocol"],
    ["google", "X-Goog-Upload-Header-Content-Type"],
    ["google", "X-Goog-Api-Client"],
    ["google", "X-Server-Timeout"],
    ["cloudflare", "cf-aig-cache-ttl"],
    ["cloudflare", "cf-aig-cache-key"],
    ["cloudflare", "cf-aig-metadata"],
    ["cloudflare", "x-session-affinity"],
    ["groq", "Groq-Model-Version"],
  ];
  test.each(OWN)("of %s's own headers %s goes, and to no other", async (own, name) => {
    for (const provider of PROVIDERS) {
      await started.send("GET", `/proxy/${provider}/x`, undefined, { [name]: "theirs" });
      expect([provider, started.takeCall().header(name)]).toEqual([
        provider,
        provider === own
          ? "theirs"
          : provider === "anthropic" && name === "Anthropic-Version"
            ? "2023-06-01"
            : undefined,
      ]);
    }
  });

  test("what the operator lists goes, on every route, to that provider", async () => {
    const headers = {
      "HTTP-Referer": "https://me.example",
      "X-Title": "mine",
      session_id: "s",
      "X-Ms-Client-Request-Id": "c",
    };
    await started.send("GET", "/proxy/groq/x", undefined, headers);
    const proxied = started.takeCall();
    await started.post(
      "/v1/chat/completions",
      { model: "groq/m", messages: [{ role: "user", content: "a" }] },
      headers,
    );
    const chat = started.takeCall();
    for (const call of [proxied, chat]) {
      expect([call.header("http-referer"), call.header("x-title"), call.header("session_id")]).toEqual([
        "https://me.example",
        "mine",
        "s",
      ]);
      expect(call.header("x-ms-client-request-id")).toBeUndefined();
      expect(call.header("authorization")).toBe(`Bearer ${KEY}`);
    }
    await started.send("GET", "/proxy/mine/x", undefined, headers);
    const custom = started.takeCall();
    expect([custom.header("x-ms-client-request-id"), custom.header("x-title")]).toEqual(["c", undefined]);
    await started.post(
      "/v1/chat/completions",
      { model: "openai/m", messages: [{ role: "user", content: "a" }] },
      headers,
    );
    expect(Buffer.from(started.takeCall().head).toString()).not.toMatch(/referer|x-title|session_id/i);
  });

  test("what the client's Connection names does not go, listed or not", async () => {
    await using client = await openRawClient(started.gateway.port);
    const headers = {
      connection: "keep-alive, OpenAI-Beta, x-stainless-lang",
      "openai-beta": "b",
      "x-stainless-lang": "js",
    };
    await client.request("GET", "/proxy/openai/x", { headers: { ...headers, "openai-project": "p" } });
    expect((await client.head()).status).toBe(200);
    const call = started.takeCall();
    expect([call.header("openai-beta"), call.header("x-stainless-lang"), call.header("openai-project")]).toEqual([
      undefined,
      undefined,
      "p",
    ]);
  });

  // An error in any other could not be searched for the key.
  test.each([
    ["gzip, dcb, zstd;q=0.1", "gzip, zstd;q=0.1"],
    ["compress", "identity"],
    ["*", "identity"],
    ["br;q=1.0, *;q=0.5", "br;q=1.0"],
    ["GZIP", "GZIP"],
  ])("of the codings %j those that the gateway can read are asked for: %j", async (wanted, asked) => {
    await using client = await openRawClient(started.gateway.port);
    await client.request("GET", "/proxy/openai/x", { headers: { "accept-encoding": wanted } });
    expect((await client.head()).status).toBe(200);
    expect(started.takeCall().header("accept-encoding")).toBe(asked);
  });
});

/** Fields that act on the origin of the gateway, on what stands before it, or on caches. */
const HOSTILE_TO_CLIENTS = [
  ...["X-Accel-Redirect", "X-Accel-Buffering", "X-Accel-Charset", "X-Accel-Expires", "X-Accel-Limit-Rate"],
  ...[
    "X-Sendfile",
    "X-Lighttpd-Send-File",
    "X-Lighttpd-Sendfile2",
    "X-Litespeed-Location",
    "X-Reproxy-Url",
    "X-Archive-Files",
  ],
  ...["Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers"],
  ...["Access-Control-Allow-Methods", "Access-Control-Expose-Headers", "Access-Control-Max-Age"],
  ...["Access-Control-Allow-Private-Network", "Timing-Allow-Origin", "Cross-Origin-Resource-Policy"],
  ...[
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Embedder-Policy",
    "Origin-Agent-Cluster",
    "X-Permitted-Cross-Domain-Policies",
  ],
  ...["Set-Cookie", "Set-Cookie2", "Set-Login", "Clear-Site-Data", "Strict-Transport-Security", "Public-Key-Pins"],
  ...["Public-Key-Pins-Report-Only", "Expect-Ct", "Alt-Svc", "Alt-Used", "Refresh", "Link", "Speculation-Rules"],
  ...["Content-Security-Policy", "Content-Security-Policy-Report-Only", "X-Content-Security-Policy", "X-Webkit-Csp"],
  ...[
    "Permissions-Policy",
    "Feature-Policy",
    "Referrer-Policy",
    "Document-Policy",
    "X-Frame-Options",
    "X-Xss-Protection",
  ],
  ...[
    "Service-Worker-Allowed",
    "Service-Worker-Navigation-Preload",
    "Supports-Loading-Mode",
    "Sourcemap",
    "X-Sourcemap",
  ],
  ...["Nel", "Report-To", "Reporting-Endpoints", "Www-Authenticate", "Proxy-Authenticate", "Authentication-Info"],
  ...[
    "Proxy-Authentication-Info",
    "Proxy-Status",
    "Surrogate-Control",
    "Surrogate-Key",
    "Cdn-Cache-Control",
    "Cache-Tag",
  ],
  ...[
    "Cloudflare-Cdn-Cache-Control",
    "Cf-Edge-Cache",
    "Edge-Control",
    "Vercel-Cdn-Cache-Control",
    "X-Litespeed-Cache-Control",
  ],
  ...[
    "X-Dns-Prefetch-Control",
    "X-Ua-Compatible",
    "X-Robots-Tag",
    "X-Powered-By",
    "Server",
    "Via",
    "Upgrade",
    "Trailer",
  ],
  ...[
    "Accept-Ch",
    "Critical-Ch",
    "Observe-Browsing-Topics",
    "Attribution-Reporting-Register-Source",
    "Activate-Storage-Access",
  ],
  ...[
    "Authorization",
    "X-Api-Key",
    "X-Forwarded-For",
    "X-Custom",
    "Content-Location",
    "Default-Style",
    "Content-Base",
    "Status",
  ],
  ...[
    "Access-Control-Request-Method",
    "Origin",
    "Host",
    "Proxy-Connection",
    "Keep-Alive",
    "Te",
    "X-Envoy-Decorator-Operation",
  ],
] as const;

describe("to the client", () => {
  const ALWAYS = ["content-security-policy", "date", "x-content-type-options", "x-request-id"];

  test.each(SPELLINGS)("nothing comes that is not listed, spelt %s", async (_, respell) => {
    const hostile = HOSTILE_TO_CLIENTS.map((name) => [respell(name), "marked"] as const);
    expect(hostile.length).toBeGreaterThan(80);
    for (const provider of PROVIDERS) {
      for (const status of [200, 404]) {
        started.answerWith([head(status, [...hostile, ["Content-Length", "2"]]), chunk("{}"), end()]);
        await using client = await openRawClient(started.gateway.port);
        await client.request("GET", `/proxy/${provider}/x`);
        const answer = await client.head();
        expect(answer.status).toBe(status);
        expect(answer.headers.filter(([, value]) => value.includes("marked"))).toEqual([]);
        const known = [...ALWAYS, "content-length", ...(status === 404 ? ["x-gateway-provider"] : [])];
        expect(answer.headers.map(([name]) => name.toLowerCase()).sort()).toEqual(known.sort());
        started.takeCalls();
      }
    }
  });

  const LISTED = {
    "accept-ranges": "bytes",
    age: "3",
    allow: "GET, POST",
    "cache-control": "no-cache, max-age=0",
    "content-disposition": 'attachment; filename="a.mp3"',
    "content-language": "fr",
    "content-range": "bytes 0-1/2",
    "content-type": "audio/x-odd",
    etag: 'W/"x"',
    expires: "Sat, 29 Oct 1994 19:43:31 GMT",
    "last-modified": "Sat, 29 Oct 1994 19:43:31 GMT",
    location: "https://elsewhere.example/a?b=c#d",
    "operation-location": "https://elsewhere.example/operations/1",
    "ratelimit-remaining": "3",
    "request-id": "req_1",
    "retry-after": "7",
    "retry-after-ms": "6500",
    vary: "Accept-Encoding",
    "x-ms-region": "here",
    "x-ratelimit-remaining-tokens": "12",
    "x-ratelimitbysize-limit": "4",
    "x-should-retry": "false",
    "anthropic-ratelimit-requests-limit": "50",
    "openai-processing-ms": "31",
  };

  test("what the answer is, its limits and its ids come, from every provider, as they were sent", async () => {
    for (const provider of PROVIDERS) {
      for (const status of [201, 307, 429]) {
        started.answerWith([head(status, { ...LISTED, "content-length": "0" }), end()]);
        const { headers } = await started.send("GET", `/proxy/${provider}/x`);
        for (const [name, value] of Object.entries(LISTED)) expect([name, headers.get(name)]).toEqual([name, value]);
        started.takeCalls();
      }
    }
  });

  test.each([
    ["openai", "openai-organization"],
    ["anthropic", "anthropic-organization-id"],
    ["google", "x-goog-upload-status"],
    ["google", "x-gemini-service-tier"],
    ["cloudflare", "cf-aig-cache-status"],
    ["groq", "x-groq-region"],
  ])("of %s's own headers %s comes, and from no other", async (own, name) => {
    for (const provider of PROVIDERS) {
      started.answerWith(json(200, {}, { [name]: "theirs" }));
      const { headers } = await started.send("GET", `/proxy/${provider}/x`);
      expect([provider, headers.get(name)]).toEqual([provider, provider === own ? "theirs" : null]);
      started.takeCalls();
    }
  });

  test("no page of a provider can run anything on the gateway's origin", async () => {
    for (const type of ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript", undefined]) {
      for (const status of [200, 302, 500]) {
        for (const body of ["<script>alert(1)</script>", "x".repeat(100_000)]) {
          const fields = [["Content-Length", String(body.length)], ...(type ? [["Content-Type", type]] : [])] as const;
          started.answerWith([head(status, fields as HeaderList), chunk(body), end()]);
          const { headers } = await started.send("GET", "/proxy/openai/page");
          expect(headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
          expect([headers.get("x-content-type-options"), headers.get("content-type")]).toEqual([
            "nosniff",
            type ?? null,
          ]);
          started.takeCalls();
        }
      }
    }
  });

  test("a stream of events is not to be buffered by what stands before the gateway, as the gateway itself says", async () => {
    for (const [type, expected] of [
      ["text/event-stream", "no"],
      ["Text/Event-Stream; charset=utf-8", "no"],
      ["application/json", null],
    ] as const) {
      started.answerWith([
        head(200, { "content-type": type, "x-accel-buffering": "yes" }),
        chunk("data: 1\n\n"),
        end(),
      ]);
      const { headers, body } = await started.send("GET", "/proxy/openai/x");
      expect(headers.get("x-accel-buffering")).toBe(expected);
      await body?.cancel();
      started.takeCalls();
    }
  });

  test.each([
    ["/v1/files/2?a=b", (url: string) => `${url}/v1/files/2?a=b`],
    ["/swagger", (url: string) => `${url}/swagger`],
    ["../x", (url: string) => `${url}/v1/x`],
    ["?page=2", (url: string) => `${url}/v1/a/b?page=2`],
    ["//elsewhere.example/x", () => "http://elsewhere.example/x"],
    ["http://elsewhere.example/x", () => "http://elsewhere.example/x"],
  ])("Location: %s means a place at the provider, not at the gateway", async (location, meant) => {
    for (const [status, name] of [
      [307, "location"],
      [201, "location"],
      [202, "operation-location"],
    ] as const) {
      started.answerWith([head(status, { [name]: location, "content-length": "0" }), end()]);
      const { headers } = await started.send("GET", "/proxy/openai/a/b");
      expect(headers.get(name)).toBe(meant(started.provider.url));
      started.takeCalls();
    }
  });

  test.each([
    ["public, max-age=60", "private, max-age=60"],
    ["max-age=60, s-maxage=600", "private, max-age=60"],
    ["max-age=60, Must-Revalidate, immutable", "private, max-age=60, immutable"],
    ["PUBLIC", "private"],
    ["no-store", "no-store"],
    ["max-age=60", "max-age=60"],
  ])("Cache-Control: %s lets no shared cache answer for the gateway: %s", async (sent, relayed) => {
    started.answerWith(json(200, {}, { "cache-control": sent }));
    expect((await started.send("GET", "/proxy/openai/x")).headers.get("cache-control")).toBe(relayed);
  });
});
