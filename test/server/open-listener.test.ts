import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../fixtures/load-config.ts";
import { listenerOptions, tlsFiles } from "../../src/config/module-options.ts";
import { loadTls, type TlsMaterial } from "../../src/server/tls.ts";
import { serveHttp } from "../../src/server/http1/http-server.ts";
import { createListener } from "../../src/server/listener.ts";
import { outcomeOf } from "../fixtures/rejection.ts";
import { createSelfSignedCertificate } from "../fixtures/self-signed-certificate.ts";
import { within } from "../fixtures/within.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

/** A listener with TLS whose address cannot be had for as often as `refuse` says. */
async function openListening(kind: "port" | "unix") {
  const folder = scratchFolder("gateway-listener");
  const first = await createSelfSignedCertificate();
  const paths = { SERVER_TLS_CERT_PATH: join(folder, "cert.pem"), SERVER_TLS_KEY_PATH: join(folder, "key.pem") };
  writeFileSync(paths.SERVER_TLS_CERT_PATH, first.cert);
  writeFileSync(paths.SERVER_TLS_KEY_PATH, first.key);
  const unix = join(folder, "gateway.sock");
  const where = kind === "port" ? { SERVER_HOST: "127.0.0.1", SERVER_PORT: "0" } : { SERVER_UNIX_SOCKET: unix };
  const loaded = loadConfig({ ...where, ...paths });
  if (!loaded.ok) throw new Error(loaded.problems.join());
  const { settings } = loaded.config;
  const tls = loadTls(tlsFiles(settings)) as TlsMaterial;

  let refusals = 0;
  const application: Parameters<typeof listener.listen>[0] = {
    use() {},
    fetch: () => new Response("here"),
    routes: [],
    listen(options) {
      if (refusals-- > 0) throw Object.assign(new Error("in use"), { code: "EADDRINUSE" });
      return serveHttp(options, { serve: application.fetch, serveFault: () => new Response() });
    },
  };
  const again = Promise.withResolvers<void>();
  const listener = createListener(listenerOptions(settings), {
    sharesPort: false,
    log: { info: () => again.resolve() } as Parameters<typeof createListener>[1]["log"],
  });
  const address = await listener.listen(application, tls);
  const other = await createSelfSignedCertificate();
  const { ciphers } = tls;
  const ask = async (ca: string): Promise<string> => {
    const tls = { ca, checkServerIdentity: () => undefined };
    const [url, where] = kind === "port" ? [address, {}] : ["https://localhost", { unix }];
    return (await fetch(url, { tls, keepalive: false, ...where })).text();
  };
  return {
    listener,
    first,
    other: { ...other, ciphers },
    again: again.promise,
    ask,
    refuse: (times: number) => (refusals = times),
    async [Symbol.asyncDispose]() {
      await listener.stop(true);
    },
  };
}

test.each(["port", "unix"] as const)(
  "where the address cannot be had with a new certificate, that of before is served on (%s)",
  async (kind) => {
    await using parts = await openListening(kind);
    const { listener, first, other, ask, refuse } = parts;
    refuse(1);
    expect(await outcomeOf(listener.replaceTls(other))).toThrow(
      "cannot listen with the new certificate (EADDRINUSE); that of before is served on",
    );
    expect(await ask(first.cert)).toBe("here");
    await listener.replaceTls(other);
    expect(await ask(other.cert)).toBe("here");
  },
);

test("if a unix socket cannot be had at all, it is tried until it can, with the certificate that came last", async () => {
  await using parts = await openListening("unix");
  const { listener, other, again, ask, refuse } = parts;
  refuse(2);
  expect(await outcomeOf(listener.replaceTls(other))).toThrow("until that can be had again, nothing listens");
  expect(await outcomeOf(listener.replaceTls(other))).toThrow("nothing listens yet");
  await within(again, 5000, "listening again");
  expect(await ask(other.cert)).toBe("here");
});
