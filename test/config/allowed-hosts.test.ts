import { expect, test } from "bun:test";
import { loadConfig } from "../fixtures/load-config.ts";

const PROBLEM =
  "SERVER_ALLOWED_HOSTS must list host names, without schemes or ports, or *: such as gateway.example.com, or .example.com for a name with its subdomains";

test.each(["*", "gateway", "Gateway.Example.com, .apps.example", "*.svc.cluster.local", "10.0.0.1", "[fd00::1]"])(
  "%s is taken",
  (SERVER_ALLOWED_HOSTS) => {
    expect(loadConfig({ SERVER_ALLOWED_HOSTS })).toMatchObject({ ok: true, warnings: [] });
  },
);

// Each of these would be the name of no `Host`, and the clients that were meant would be refused.
test.each(["http://gateway", "gateway:8080", "gateway/", "*gateway", "a.*.example", "münchen.example", "gateway,a b"])(
  "%s is refused",
  (SERVER_ALLOWED_HOSTS) => {
    expect(loadConfig({ SERVER_ALLOWED_HOSTS })).toMatchObject({ ok: false, problems: [PROBLEM] });
  },
);
