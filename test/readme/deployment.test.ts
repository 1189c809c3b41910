import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../fixtures/load-config.ts";
import { variableNames } from "../../src/config/providers/provider-variables.ts";
import { SETTINGS_TABLE } from "../../src/config/settings-table.ts";
import { PROVIDER_TABLE } from "../../src/providers/table.ts";
import { codeBlocks, GUIDE, readPage } from "./markdown.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

/** One gateway that the page shows how to run. */
interface Shown {
  readonly title: string;
  readonly environment: Readonly<Record<string, string>>;
  /** How long whoever ends it waits before it is killed, in seconds. */
  readonly graceSeconds: number;
}

const blocks = codeBlocks(readPage(`${GUIDE}/deployment.md`));
const codeOf = (section: string, language: string): string =>
  blocks.find((block) => block.section === section && block.language === language)?.code ?? "";

/** The lines `NAME=value` of a text. */
const variablesIn = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]));

/** The directives of a unit, each name with all of its values. */
function readUnit(text: string): ReadonlyMap<string, readonly string[]> {
  const directives = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    if (line === "" || /^[#[]/.test(line)) continue;
    const [, name = "", value = ""] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    expect([line, name]).not.toEqual([line, ""]);
    directives.set(name, [...(directives.get(name) ?? []), value]);
  }
  return directives;
}

interface Container {
  readonly name: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly [probe: `${string}Probe`]: { readonly httpGet: { readonly path: string; readonly port: string } };
}
interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly volumes: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[];
  readonly containers: readonly Container[];
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec?: PodSpec & {
    readonly selector?: { readonly app?: string; readonly matchLabels?: { readonly app: string } };
    readonly template?: { readonly metadata: { readonly labels: { readonly app: string } }; readonly spec: PodSpec };
    readonly ports?: readonly { readonly targetPort: string }[];
  };
}

const unit = readUnit(codeOf("systemd", "ini"));
const compose = Bun.YAML.parse(codeOf("Docker Compose", "yaml")) as {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly environment: Record<string, string>;
        readonly secrets: readonly string[];
        readonly stop_grace_period: string;
      }
    >
  >;
  readonly secrets: Readonly<Record<string, object>>;
};
const manifests = Bun.YAML.parse(codeOf("Kubernetes", "yaml")) as readonly Manifest[];
const sidecar = Bun.YAML.parse(codeOf("Kubernetes sidecar", "yaml")) as Manifest;
const ofKind = (kind: string): Manifest | undefined => manifests.find((manifest) => manifest.kind === kind);

/** A value that is taken from elsewhere is set, whatever it is. */
function gatewayOf(spec: PodSpec | undefined): Container {
  const gateway = spec?.containers.find(({ name }) => name === "gateway");
  if (!gateway) throw new Error("the page has no container named gateway");
  return gateway;
}
const environmentOf = (spec: PodSpec | undefined): Record<string, string> =>
  Object.fromEntries((gatewayOf(spec).env ?? []).map(({ name, value }) => [name, value ?? "some-key"]));

const deployment = ofKind("Deployment")?.spec?.template?.spec;
const service = compose.services["gateway"];
const shown: readonly Shown[] = [
  {
    title: "Docker Compose",
    environment: service?.environment ?? {},
    graceSeconds: Number.parseInt(service?.stop_grace_period ?? "", 10),
  },
  {
    title: "systemd",
    environment: variablesIn((unit.get("Environment") ?? []).join("\n")),
    graceSeconds: Number(unit.get("TimeoutStopSec")?.[0]),
  },
  {
    title: "Kubernetes",
    environment: { ...environmentOf(deployment), ...variablesIn(ofKind("Secret")?.stringData?.["settings"] ?? "") },
    graceSeconds: deployment?.terminationGracePeriodSeconds ?? 0,
  },
  {
    title: "Kubernetes sidecar",
    environment: environmentOf(sidecar.spec),
    graceSeconds: sidecar.spec?.terminationGracePeriodSeconds ?? 0,
  },
];

const known = new Set<string>([
  ...Object.keys(SETTINGS_TABLE),
  ...Object.keys(PROVIDER_TABLE).flatMap((id) => variableNames(id)),
]);

describe.each(shown.map((each) => [each.title, each] as const))("%s on the page of deployment", (_, each) => {
  test("sets nothing that is no setting, and no value that is refused or warned about", () => {
    expect(Object.keys(each.environment).length).toBeGreaterThan(1);
    expect(Object.keys(each.environment).filter((name) => !known.has(name))).toEqual([]);
    const loaded = loadConfig(each.environment);
    expect([loaded.ok || loaded.problems, loaded.warnings]).toEqual([true, []]);
  });

  test("kills no gateway before its own deadline", () => {
    const loaded = loadConfig(each.environment);
    if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
    const { SERVER_DRAIN_DELAY, SERVER_SHUTDOWN_TIMEOUT } = loaded.config.settings;
    expect(each.graceSeconds * 1000).toBeGreaterThan(SERVER_DRAIN_DELAY + SERVER_SHUTDOWN_TIMEOUT);
  });

  test("asks for a key of whoever reaches it", () => {
    expect([each.environment["AUTH_ENABLED"], each.environment["AUTH_API_KEYS"]]).toEqual(["true", expect.any(String)]);
  });
});

describe("the parts fit each other:", () => {
  test("Docker Compose mounts the secrets that it defines and reads", () => {
    expect(service?.secrets).toEqual(Object.keys(compose.secrets));
    const text = JSON.stringify(service);
    for (const name of Object.keys(compose.secrets)) expect(text).toContain(`/run/secrets/${name}`);
  });

  test("the unit loads the credentials that it reads", () => {
    const names = (unit.get("LoadCredential") ?? []).map((value) => value.split(":")[0]);
    const text = [...unit.values()].flat().join("\n");
    expect([...text.matchAll(/%d\/([\w-]+)/g)].map(([, name]) => name).toSorted()).toEqual(names.toSorted());
    expect(text).toContain(`%t/${unit.get("RuntimeDirectory")?.[0]}/`);
  });

  test("the Deployment mounts the Secret, the Service finds its pods, and probes ask what is there", () => {
    expect(manifests.map(({ kind }) => kind)).toEqual(["Secret", "Deployment", "Service"]);
    const gateway = gatewayOf(deployment);
    const secret = ofKind("Secret");
    expect(deployment?.volumes[0]?.secret?.secretName).toBe(secret?.metadata.name ?? "");
    const [mount] = gateway.volumeMounts ?? [];
    expect(mount?.name).toBe(deployment?.volumes[0]?.name ?? "");
    const paths = Object.keys(secret?.stringData ?? {}).map((key) => `${mount?.mountPath}/${key}`);
    const text = JSON.stringify(gateway);
    for (const path of paths) expect(text).toContain(path);
    const labels = ofKind("Deployment")?.spec?.template?.metadata.labels;
    expect(ofKind("Deployment")?.spec?.selector?.matchLabels).toEqual(labels);
    expect(ofKind("Service")?.spec?.selector).toEqual(labels);
    const port = gateway.ports?.[0]?.name ?? "";
    expect(ofKind("Service")?.spec?.ports?.[0]?.targetPort).toBe(port);
    for (const spec of [deployment, sidecar.spec]) {
      const probes = Object.entries(gatewayOf(spec)).filter(([name]) => name.endsWith("Probe"));
      expect(probes.length).toBeGreaterThan(1);
      for (const [name, probe] of probes) {
        const path = name === "readinessProbe" ? "/health/ready" : "/health";
        expect([name, probe]).toEqual([name, expect.objectContaining({ httpGet: { path, port } })]);
      }
    }
  });
});

const systemdAnalyze = Bun.which("systemd-analyze");
if (systemdAnalyze === null) console.warn("systemd-analyze is not on this machine: the unit is not verified.");

test.skipIf(systemdAnalyze === null)("systemd takes the unit without a warning", async () => {
  const path = join(scratchFolder("unit"), "inference-gateway.service");
  writeFileSync(
    path,
    codeOf("systemd", "ini").replace("ExecStart=/usr/local/bin/inference-gateway", "ExecStart=/bin/sh"),
  );
  const child = Bun.spawn([systemdAnalyze ?? "", "verify", "--man=no", path], { stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect([code, stdout + stderr]).toEqual([0, ""]);
});
