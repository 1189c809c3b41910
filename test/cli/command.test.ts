import { describe, expect, test } from "bun:test";
import { copyFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { startGateway } from "../fixtures/start-gateway.ts";
import { checkSettings } from "./check-settings.ts";
import { linesOf, runToEnd } from "./run-to-end.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const KEY = "sk-marked-0123456789abcdef";

const newFolder = (): string => scratchFolder("settings");

describe("bad settings end the process with 2, one line each", () => {
  test.each([
    [{ SERVER_PORT: "99999" }, /^SERVER_PORT="99999" is not accepted: expected .*65535/],
    [{ SERVER_PORT: "http" }, /^SERVER_PORT="http" is not accepted/],
    [{ LOG_LEVEL: "loud" }, /^LOG_LEVEL="loud" is not accepted: expected .*trace.*silent/],
    [{ ENABLE_VISION: "perhaps" }, /^ENABLE_VISION="perhaps" is not accepted: expected .*true/],
    [{ ERROR_FORMAT: "xml" }, /^ERROR_FORMAT="xml" is not accepted: expected .*simple.*openai/],
    [{ MODELS_TIMEOUT: "soon" }, /^MODELS_TIMEOUT="soon" is not accepted: expected/],
    [{ CLIENT_TIMEOUT: "-1s" }, /^CLIENT_TIMEOUT="-1s" is not accepted/],
    [{ SERVER_IDLE_TIMEOUT: "0" }, /^SERVER_IDLE_TIMEOUT="0" is not accepted/],
    [{ SERVER_MAX_REQUEST_BODY_SIZE: "lots" }, /^SERVER_MAX_REQUEST_BODY_SIZE="lots" is not accepted/],
    [{ OPENAI_API_URL: "api.openai.com" }, /^OPENAI_API_URL=.* is not accepted/],
    [{ OPENAI_API_URL: "ftp://h/v1" }, /^OPENAI_API_URL=.* is not accepted/],
    [{ CUSTOM_PROVIDERS: "tgi" }, /^TGI_API_URL is not set, but CUSTOM_PROVIDERS names tgi/],
    [{ CUSTOM_PROVIDERS: "openai" }, /^CUSTOM_PROVIDERS="openai" is not accepted/],
    [{ CUSTOM_PROVIDERS: "tgi", TGI_API_URL: "http://h", TGI_AUTH_TYPE: "basic" }, /^TGI_AUTH_TYPE=.* is not accepted/],
  ] as const)("%j", async (environment, expected) => {
    const { stdout, stderr, code } = await checkSettings(environment);
    expect([code, stdout]).toEqual([2, ""]);
    const lines = linesOf(stderr);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(expected);
  });

  test("all of them at once, and no secret among them", async () => {
    const { stderr, code } = await runToEnd([], {
      SERVER_PORT: "x",
      LOG_LEVEL: "x",
      OPENAI_API_KEY: `${KEY}\u00e9`,
      GROQ_API_URL: `https://user:${KEY}@h/v1`,
      MISTRAL_API_URL: `https://h/v1?${KEY}`,
      DEEPSEEK_API_URL: KEY,
    });
    expect([code, linesOf(stderr).length]).toEqual([2, 6]);
    expect(stderr).not.toContain(KEY.slice(0, 12));
  });

  test.each([
    [["--prot"], /unknown option "--prot"/],
    [["serve"], /unexpected argument "serve"/],
    [["--env-file"], /--env-file needs a path/],
    [["--env-file", "/nowhere/x.env"], /"\/nowhere\/x.env" cannot be read: no such file/],
    [["--demo=yes"], /--demo takes no value/],
  ])("%j", async (args, expected) => {
    const { stdout, stderr, code } = await runToEnd(args);
    expect([code, stdout, linesOf(stderr).length]).toEqual([2, "", 1]);
    expect(stderr).toMatch(expected);
  });
});

describe("what only prints ends with 0", () => {
  test("--check=live asks the providers of a cloud with its credentials", async () => {
    await using google = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch(request) {
        if (new URL(request.url).pathname.endsWith("/token")) {
          return Response.json({ access_token: "ya29.token", expires_in: 3600 });
        }
        const isGood = request.headers.get("authorization") === "Bearer ya29.token";
        return Response.json(
          { publisherModels: [{ name: "publishers/google/models/m" }] },
          { status: isGood ? 200 : 401 },
        );
      },
    });
    const host = `127.0.0.1:${google.port}`;
    const { stdout } = await runToEnd(["--check=live"], {
      VERTEX_API_URL: `http://${host}/v1/projects/p/locations/l`,
      GCE_METADATA_HOST: host,
      BEDROCK_REGION: "eu-west-1",
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${host}/none`,
      MODELS_TIMEOUT: "10s",
    });
    const lines = linesOf(stdout);
    expect(lines).toContain("provider: vertex lists 1 model");
    expect(lines).toContain(
      'provider: bedrock failed: Failed to list models: The gateway lacks valid credentials: the credentials service of the container answered with status 401 (the credentials service of the container answered with status 401: {"publisherModels":[{"name":"publishers/google/models/m"}]})',
    );
  });

  test("--check=live asks each provider with each of its keys", async () => {
    await using openai = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch(request) {
        const isGood = request.headers.get("authorization") === `Bearer ${KEY}`;
        return isGood ? Response.json({ data: [{ id: "m" }] }) : new Response(null, { status: 401 });
      },
    });
    const file = join(newFolder(), "gateway.yaml");
    const url = `http://127.0.0.1:${openai.port}/v1`;
    writeFileSync(file, `providers: { openai: { base_url: "${url}", api_keys: ["${KEY}", sk-other-0123456789] } }`);
    const { stdout, code } = await runToEnd(["--check=live", "--config", file], { MODELS_TIMEOUT: "10s" });
    const lines = linesOf(stdout);
    expect(code).toBe(1);
    expect(lines).toContain(`provider: openai at ${url}, with 2 keys`);
    expect(lines).toContain("provider: openai lists 1 model");
    expect(lines).toContainEqual(expect.stringMatching(/^provider: openai#2 failed: .*401/));
    expect(stdout).not.toMatch(/sk-other|sk-marked/);
  });

  test("--help names every option and setting, without a terminal too", async () => {
    const { stdout, stderr, code } = await runToEnd(["--help"], { SERVER_PORT: "bad" });
    expect([code, stderr]).toEqual([0, ""]);
    for (const word of ["--demo", "--check", "--print-config", "--env-file", "--version"])
      expect(stdout).toContain(word);
    for (const name of ["SERVER_PORT", "CLIENT_TIMEOUT", "OPENAI_API_KEY", "CUSTOM_PROVIDERS"])
      expect(stdout).toContain(name);
    expect((await runToEnd(["-h"])).stdout).toBe(stdout);
  });

  test("--version prints the version alone", async () => {
    for (const option of ["--version", "-v"]) {
      expect(await runToEnd([option])).toEqual({ stdout: `${packageJson.version}\n`, stderr: "", code: 0 });
    }
  });

  test("--check says that the settings are good, or which are not", async () => {
    expect(await runToEnd(["--check"], { OPENAI_API_KEY: KEY })).toMatchObject({ code: 0, stderr: "" });
    const bad = await runToEnd(["--check"], { LOG_LEVEL: "x" });
    expect([bad.code, bad.stdout]).toEqual([2, ""]);
    expect(bad.stderr).toStartWith("LOG_LEVEL=");
  });

  test("--print-config prints what is in effect, masked, in a form that it reads again", async () => {
    const given = { OPENAI_API_KEY: KEY, MODELS_TIMEOUT: "1m30s", DISALLOWED_MODELS: "a,b", LOG_LEVEL: "debug" };
    const { stdout, stderr, code } = await runToEnd(["--print-config"], given);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = linesOf(stdout);
    for (const line of ["MODELS_TIMEOUT=1m30s", "DISALLOWED_MODELS=a,b", "LOG_LEVEL=debug", "SERVER_HOST=127.0.0.1"]) {
      expect(lines).toContain(line);
    }
    expect(stdout).toContain("OPENAI_API_KEY=***");
    expect(stdout).not.toContain(KEY.slice(0, 12));
    const file = join(newFolder(), "printed.env");
    writeFileSync(file, stdout);
    const again = await runToEnd(["--print-config", "--env-file", file], { OPENAI_API_KEY: KEY });
    expect(again).toEqual({ stdout, stderr: "", code: 0 });
  });
});

describe("--env-file", () => {
  test("is read if it is named; the environment wins, unless it is blank there", async () => {
    const file = join(newFolder(), "x.env");
    writeFileSync(file, '\ufeff# comment\nexport LOG_LEVEL=debug\nMODELS_TIMEOUT="7s"\nERROR_FORMAT=openai\n');
    const environment = { LOG_LEVEL: "warn", ERROR_FORMAT: " " };
    const { stdout, code } = await runToEnd(["--print-config", "--env-file", file], environment);
    const lines = linesOf(stdout);
    expect([
      code,
      ...["LOG_LEVEL=warn", "MODELS_TIMEOUT=7s", "ERROR_FORMAT=openai"].filter((x) => lines.includes(x)),
    ]).toEqual([0, "LOG_LEVEL=warn", "MODELS_TIMEOUT=7s", "ERROR_FORMAT=openai"]);
  });

  test("holds for a gateway that serves, too", async () => {
    const file = join(newFolder(), "x.env");
    writeFileSync(file, "ERROR_FORMAT=openai\nOLLAMA_API_URL=http://127.0.0.1:1/v1\n");
    await using gateway = await startGateway({}, ["--env-file", file]);
    const response = await fetch(`${gateway.url}/nothing`);
    expect(await response.json()).toMatchObject({ error: { code: "route_not_found" } });
  });

  test("a bad value in it is a bad setting", async () => {
    const file = join(newFolder(), "x.env");
    writeFileSync(file, "LOG_LEVEL=loud\n");
    const { stderr, code } = await runToEnd(["--env-file", file]);
    expect([code, linesOf(stderr).length]).toEqual([2, 1]);
  });

  test("a .env of the working directory is not read unless it is named", async () => {
    const folder = newFolder();
    // The source is started in the project's folder, whose bunfig.toml keeps Bun from reading the file by itself.
    copyFileSync(join(import.meta.dir, "../../bunfig.toml"), join(folder, "bunfig.toml"));
    for (const name of [".env", ".env.local", ".env.production", ".env.development"]) {
      writeFileSync(join(folder, name), "LOG_LEVEL=trace\nOPENAI_API_KEY=from-dot-env\n");
    }
    const { stdout, code } = await runToEnd(["--print-config"], {}, folder);
    expect([code, linesOf(stdout).includes("LOG_LEVEL=info"), stdout.includes("OPENAI_API_KEY")]).toEqual([
      0,
      true,
      false,
    ]);
    const named = await runToEnd(["--print-config", "--env-file", ".env"], {}, folder);
    expect(linesOf(named.stdout)).toContain("LOG_LEVEL=trace");
  });
});

describe("warnings", () => {
  test("older spellings work, with one warning each, said once", async () => {
    await using gateway = await startGateway({
      OLLAMA_API_URL: "http://127.0.0.1:1/v1",
      SERVER_READ_TIMEOUT: "90",
      AUTH_ENABLE: "false",
    });
    await gateway.stop();
    expect(linesOf(gateway.output().stderr).toSorted()).toEqual([
      "warning: AUTH_ENABLE is an older spelling of AUTH_ENABLED",
      "warning: SERVER_READ_TIMEOUT is an older spelling of CLIENT_TIMEOUT",
    ]);
    const { stdout } = await runToEnd(["--print-config"], { SERVER_READ_TIMEOUT: "90" });
    expect(linesOf(stdout)).toContain("CLIENT_TIMEOUT=1m30s");
    const both = await runToEnd(["--print-config"], { SERVER_READ_TIMEOUT: "90", CLIENT_TIMEOUT: "5s" });
    expect(linesOf(both.stdout)).toContain("CLIENT_TIMEOUT=5s");
    expect(both.stderr).toContain("SERVER_READ_TIMEOUT is an older spelling of CLIENT_TIMEOUT and is ignored");
  });

  test("a misspelt variable is named with the nearest known one, and its value is not said", async () => {
    const { stderr, code } = await runToEnd(["--check"], { SERVER_PROT: KEY, OPENAI_API_KEE: KEY, HOME: "/root" });
    expect([code, linesOf(stderr).length]).toEqual([0, 2]);
    expect(stderr).toContain("SERVER_PROT is not a setting of this version and is ignored (did you mean SERVER_PORT?)");
    expect(stderr).toContain("did you mean OPENAI_API_KEY?");
    expect(stderr).not.toContain(KEY);
  });

  test("without any provider the gateway serves, and says in two lines what to set", async () => {
    await using gateway = await startGateway();
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
    await gateway.stop();
    const lines = linesOf(gateway.output().stderr);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain("OPENAI_API_KEY");
    expect(lines[1]).toContain("--demo");
  });

  test("with --demo, or with a local provider's URL, it says nothing", async () => {
    for (const [environment, args] of [
      [{}, ["--demo"]],
      [{ OLLAMA_API_URL: "http://127.0.0.1:1/v1" }, []],
    ] as const) {
      await using gateway = await startGateway(environment, args);
      await gateway.stop();
      expect(gateway.output().stderr).toBe("");
    }
  });
});

describe("--check", () => {
  test("leaves the database of the history alone, whose tables may be those of a gateway that runs", async () => {
    const folder = newFolder();
    const settings = { HISTORY_ENABLED: "true", HISTORY_CONTENT: "true", DATA_DIR: join(folder, "data") };
    const { stdout, stderr, code } = await runToEnd(["--check"], { ...settings, OPENAI_API_KEY: KEY });
    expect([code, stderr, linesOf(stdout)[0]]).toEqual([0, "", "The settings are good."]);
    expect(stdout).not.toContain("HISTORY");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("names address, authentication and providers, and no secret", async () => {
    const { stdout, stderr, code } = await runToEnd(["--check", "--demo"], {
      SERVER_PORT: "8123",
      AUTH_ENABLED: "true",
      AUTH_API_KEYS: `alice:${KEY}`,
      AUTH_OIDC_ISSUER: "https://issuer.test",
      AUTH_OIDC_CLIENT_ID: "gateway",
      OPENAI_API_KEY: KEY,
      OLLAMA_API_URL: "http://127.0.0.1:9/v1",
      GROQ_API_URL: "https://groq.test/v1",
      BEDROCK_PROFILE: "work",
      AWS_REGION: "eu-west-1",
      VERTEX_PROJECT: "p-1",
      GOOGLE_APPLICATION_CREDENTIALS: "/key.json",
    });
    expect([code, stderr, linesOf(stdout)]).toEqual([
      0,
      "",
      [
        "The settings are good.",
        "address: http://127.0.0.1:8123",
        "authentication: static keys",
        "authentication: tokens of https://issuer.test for gateway (aud)",
        "provider: openai at https://api.openai.com/v1, with a key",
        "provider: groq at https://groq.test/v1, needs GROQ_API_KEY",
        "provider: ollama at http://127.0.0.1:9/v1, without a key",
        "provider: bedrock at https://bedrock-runtime.eu-west-1.amazonaws.com, with the AWS profile work",
        "provider: vertex at https://aiplatform.googleapis.com/v1/projects/p-1/locations/global, with the Google credentials in /key.json",
        "provider: demo, built in",
      ],
    ]);
  });

  test("=live asks every provider for its models and every issuer for its keys", async () => {
    const served: string[] = [];
    await using provider = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch(request) {
        const { pathname } = new URL(request.url);
        served.push(`${request.method} ${pathname} ${request.headers.get("authorization")}`);
        if (pathname === "/groq/models") return Response.json({ error: "no" }, { status: 401 });
        if (pathname === "/keys") return Response.json({ keys: [{ kty: "EC" }] });
        return Response.json({ data: [{ id: "a" }, { id: "b" }] });
      },
    });
    const url = `http://127.0.0.1:${provider.port}`;
    const good = { OPENAI_API_KEY: KEY, OPENAI_API_URL: `${url}/openai` };
    const local = { LLAMACPP_API_URL: `${url}/llamacpp`, OLLAMA_API_URL: `${url}/ollama`, VLLM_API_URL: `${url}/vllm` };
    const whole = await runToEnd(["--check=live"], { ...good, ...local });
    expect([whole.code, whole.stderr]).toEqual([0, ""]);
    expect(linesOf(whole.stdout)).toContain("provider: openai lists 2 models");
    expect(served).toContain(`GET /openai/models Bearer ${KEY}`);
    const broken = await runToEnd(["--check=live"], {
      ...good,
      ...local,
      GROQ_API_KEY: KEY,
      GROQ_API_URL: `${url}/groq`,
      MISTRAL_API_URL: `${url}/mistral`,
      AUTH_ENABLED: "true",
      AUTH_OIDC_ISSUER: "https://issuer.test,https://other.test",
      AUTH_OIDC_CLIENT_ID: "gateway",
      AUTH_OIDC_JWKS_URL: `https://issuer.test=${url}/keys,https://other.test=http://127.0.0.1:9/keys`,
    });
    expect([broken.code, broken.stderr]).toEqual([1, ""]);
    const lines = linesOf(broken.stdout);
    expect(lines).toContain("provider: openai lists 2 models");
    expect(lines).toContain("issuer: https://issuer.test has 1 key");
    expect(lines).toContain("issuer: https://other.test: the issuer's key set cannot be fetched (ECONNREFUSED)");
    for (const id of ["groq", "mistral"]) {
      expect(lines.some((line) => line.startsWith(`provider: ${id} failed: `))).toBe(true);
    }
    expect(lines).toContain(
      "provider: groq failed: Failed to list models: The provider answered with an error (status 401): is GROQ_API_KEY right?",
    );
    expect(broken.stdout).not.toContain(KEY);
  });
});

test("--help names every built-in provider with its variable", async () => {
  const { stdout } = await runToEnd(["--help"]);
  for (const id of ["openai", "anthropic", "groq", "ollama", "vllm"]) {
    expect(stdout).toMatch(new RegExp(`^ .*\\b${id}[,;]`, "m"));
  }
  expect(stdout).toMatch(/^ {2}by <ID>_API_URL +ollama, /m);
  expect(stdout).toMatch(/^ {2}azure +AZURE_API_KEY, AZURE_RESOURCE$/m);
  expect(stdout).toMatch(/^ {2}bedrock +BEDROCK_API_KEY, or BEDROCK_REGION and AWS credentials$/m);
  expect(stdout).toContain("--check[=live]");
});

describe("--config", () => {
  test("--check says all that is wrong, with its places, and ends with 2; good files end it with 0", async () => {
    const file = join(newFolder(), "gateway.yaml");
    writeFileSync(file, 'server: { prot: 1 }\nproviders: { openai: { api_key: "${NOT_SET}" } }\n');
    const bad = await runToEnd(["--check", "--config", file]);
    expect([bad.code, bad.stdout, linesOf(bad.stderr)]).toEqual([
      2,
      "",
      [
        `${file}:1:11: server.prot is not known (did you mean server.port?)`,
        `${file}:2:33: providers.openai.api_key: NOT_SET is not set: set it, or write \${NOT_SET:-default}`,
      ],
    ]);
    writeFileSync(file, 'providers: { openai: { api_key: "${SET}" } }\n');
    const good = await runToEnd(["--check"], { GATEWAY_CONFIG: file, SET: KEY });
    expect([good.code, good.stderr]).toEqual([0, ""]);
    expect(good.stdout).toContain("provider: openai at https://api.openai.com/v1, with a key");
    const gone = await runToEnd(["--check", "--config", `${file}.gone`], { GATEWAY_CONFIG: file });
    expect([gone.code, linesOf(gone.stderr)]).toEqual([2, [`--config "${file}.gone" cannot be read: no such file`]]);
  });

  test("--print-config says where each value comes from, masks secrets, and can be read again", async () => {
    const folder = newFolder();
    const [file, variables] = [join(folder, "gateway.yaml"), join(folder, "x.env")];
    writeFileSync(file, `server: { workers: 2 }\nproviders: { openai: { api_key: ${KEY} } }\n`);
    writeFileSync(variables, "\nERROR_FORMAT=openai\n");
    const args = ["--print-config", "--config", file, "--env-file", variables];
    const { stdout, code } = await runToEnd(args, { SERVER_READ_TIMEOUT: "90", SERVER_PORT: "1" });
    expect(code).toBe(0);
    for (const line of [
      `GATEWAY_CONFIG=${file}  # --config`,
      "LOG_LEVEL=info  # default",
      "ERROR_FORMAT=openai  # line 2 of --env-file",
      "SERVER_PORT=1  # environment SERVER_PORT",
      `SERVER_WORKERS=2  # ${file}:1:20: server.workers`,
      "CLIENT_TIMEOUT=1m30s  # environment SERVER_READ_TIMEOUT",
      `OPENAI_API_KEY=***cdef  # ${file}:2:33: providers.openai.api_key`,
      "OPENAI_API_URL=https://api.openai.com/v1  # default",
    ]) {
      expect(linesOf(stdout)).toContain(line);
    }
    expect(stdout).not.toContain(KEY);
    writeFileSync(variables, stdout);
    const again = await runToEnd(["--print-config", "--env-file", variables], {
      OPENAI_API_KEY: KEY,
      SERVER_PORT: "1",
    });
    const values = (text: string): string[] => linesOf(text).map((line) => line.replace(/ {2}# .*/, ""));
    expect(values(again.stdout)).toEqual(values(stdout));
  });
});
