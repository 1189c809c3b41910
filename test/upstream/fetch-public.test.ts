import { afterAll, describe, expect, test } from "bun:test";
import { createFetchPublic, NotFetched } from "../../src/upstream/fetch-public.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { createSelfSignedCertificate } from "../fixtures/self-signed-certificate.ts";

const PUBLIC = "93.184.216.34";

/** Hosts and their addresses. */
const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  "images.test": [PUBLIC],
  "other.test": [PUBLIC],
  "six.test": ["2606:2800:220:1:248:1893:25c8:1946"],
  "inside.test": ["10.0.0.7"],
  "both.test": [PUBLIC, "127.0.0.1"],
  "nowhere.test": [],
};

const PATHS: Readonly<Record<string, () => Response>> = {
  "/cat.png": () => new Response("PNG", { headers: { "content-type": "Image/PNG; charset=x" } }),
  "/nothing": () => new Response(null, { status: 404 }),
  "/moved": () => redirect("/cat.png"),
  "/inside": () => redirect("http://inside.test/secret"),
  "/metadata": () => redirect("http://169.254.169.254/latest"),
  "/file": () => redirect("file:///etc/passwd"),
  "/round": () => redirect("/round"),
  "/no-place": () => new Response(null, { status: 302 }),
};

const redirect = (location: string) => new Response(null, { status: 302, headers: { location } });

interface Sent {
  readonly url: string;
  readonly init: BunFetchRequestInit;
}

function open() {
  const sent: Sent[] = [];
  const fetchPublic = createFetchPublic({
    userAgent: "gateway/1",
    async lookup(name) {
      const found = ADDRESSES[name];
      if (!found) throw new Error("ENOTFOUND");
      return found.map((address) => ({ address }));
    },
    async fetch(url, init) {
      sent.push({ url, init });
      return PATHS[new URL(url).pathname]?.() ?? new Response("", { status: 500 });
    },
  });
  let bytes = 0;
  const limits = { signal: new AbortController().signal, onBytes: (length: number) => void (bytes += length) };
  return { sent, bytes: () => bytes, get: (url: string) => fetchPublic(url, limits) };
}

test("the connection goes to the address that was looked at, and carries nothing of the client's", async () => {
  const { sent, get, bytes } = open();
  const { bytes: body, mediaType } = await get("https://images.test/cat.png?size=1#top");
  expect(Buffer.from(body).toString()).toBe("PNG");
  expect(mediaType).toBe("image/png");
  expect(bytes()).toBe(3);
  expect(sent[0]?.url).toBe(`https://${PUBLIC}/cat.png?size=1`);
  const init = sent[0]?.init;
  expect(init?.headers).toEqual({
    host: "images.test",
    accept: "image/*, application/pdf;q=0.9",
    "user-agent": "gateway/1",
  });
  expect(init).toMatchObject({
    tls: { serverName: "images.test" },
    redirect: "manual",
    proxy: false,
    keepalive: false,
  });
});

test("IPv6 and ports are kept", async () => {
  const { sent, get } = open();
  await get("http://six.test:8080/cat.png");
  await get("http://[2606:4700::1111]/cat.png");
  expect(sent.map(({ url }) => url)).toEqual([
    "http://[2606:2800:220:1:248:1893:25c8:1946]:8080/cat.png",
    "http://[2606:4700::1111]/cat.png",
  ]);
  expect(sent.map(({ init }) => new Headers(init.headers ?? {}).get("host"))).toEqual([
    "six.test:8080",
    "[2606:4700::1111]",
  ]);
});

test("redirects are followed", async () => {
  const { sent, get } = open();
  expect((await get("https://images.test/moved")).mediaType).toBe("image/png");
  expect(sent).toHaveLength(2);
});

describe("nothing is sent to", () => {
  test.each([
    ...["http://inside.test/", "http://both.test/", "http://127.0.0.1/", "http://localhost.test/", "http://10.1/"],
    ...[
      "http://0x7f000001/",
      "http://2130706433/",
      "http://[::1]/",
      "http://[::ffff:127.0.0.1]/",
      "http://nowhere.test/",
    ],
    ...["http://169.254.169.254/latest/meta-data", "http://user:key@images.test/", "ftp://images.test/", "images.test"],
    ...["file:///etc/passwd", "data:image/png;base64,AA==", "", `http://images.test/${"a".repeat(9000)}`],
  ])("%s", async (url) => {
    const { sent, get } = open();
    expect(await rejectionOf(get(url))).toBeInstanceOf(NotFetched);
    expect(sent).toEqual([]);
  });
});

test.each([
  ["/nothing", "its server answers with status 404", 1],
  ["/inside", "its host is not a public one", 1],
  ["/metadata", "its host is not a public one", 1],
  ["/file", "only http and https URLs are fetched", 1],
  ["/round", "it redirects more than 3 times", 4],
  ["/no-place", "it redirects to nowhere", 1],
])("%s: %s", async (path, reason, calls) => {
  const { sent, get } = open();
  expect(await rejectionOf(get(`https://images.test${path}`))).toEqual(new NotFetched(reason));
  expect(sent).toHaveLength(calls);
});

test("whoever counts the bytes may stop it, and the abort of a lookup that hangs is heard", async () => {
  const ending = new AbortController();
  const hanging = createFetchPublic({
    userAgent: "gateway/1",
    lookup: () => new Promise(() => {}),
    fetch: () => Promise.reject(new Error("not called")),
  });
  const limits = { signal: ending.signal, onBytes: () => {} };
  const rejected = rejectionOf(hanging("http://images.test/", limits));
  ending.abort(new NotFetched("late"));
  expect(await rejected).toEqual(new NotFetched("late"));

  const fetchPublic = createFetchPublic({
    userAgent: "gateway/1",
    lookup: async () => [{ address: PUBLIC }],
    fetch: async () => new Response("long"),
  });
  const tooMuch = new NotFetched("too much");
  const refuse = (): never => {
    throw tooMuch;
  };
  const { signal } = new AbortController();
  expect(await rejectionOf(fetchPublic("http://images.test/", { signal, onBytes: refuse }))).toBe(tooMuch);
});

describe("over TLS", async () => {
  const { cert, key } = await createSelfSignedCertificate("images.test");
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { cert, key },
    fetch: (request) => new Response(request.headers.get("host"), { headers: { "content-type": "text/plain" } }),
  });
  afterAll(() => server.stop(true));
  const fetchPublic = createFetchPublic({
    userAgent: "gateway/1",
    lookup: async () => [{ address: PUBLIC }],
    fetch: (url, init) =>
      fetch(url.replace(PUBLIC, `127.0.0.1:${server.port}`), { ...init, tls: { ...init.tls, ca: cert } }),
  });
  const limits = { signal: new AbortController().signal, onBytes: () => {} };

  test("the certificate must be that of the name, not of the address", async () => {
    const { bytes } = await fetchPublic("https://images.test/", limits);
    expect(Buffer.from(bytes).toString()).toBe("images.test");
    expect(await rejectionOf(fetchPublic("https://other.test/", limits))).toEqual(
      new NotFetched("its server cannot be reached"),
    );
  });
});
