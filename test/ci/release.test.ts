import { describe, expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { billOfMaterials } from "../../.ci/archives/bill-of-materials.ts";
import { readContents } from "../../.ci/archives/contents.ts";
import { readLicence, thirdPartyNotices } from "../../.ci/archives/licences.ts";
import { closeOver, readLockFile } from "../../.ci/archives/lock-file.ts";
import { platformOf, PLATFORMS } from "../../.ci/archives/platforms.ts";
import { packFiles } from "../../.ci/archives/tar.ts";
import manifest from "../../package.json" with { type: "json" };
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const PROJECT = join(import.meta.dir, "..", "..");
const contents = await readContents(PROJECT);

interface Bill {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly "bom-ref": string;
    readonly hashes: readonly { readonly alg: string; readonly content: string }[];
    readonly licenses: readonly { readonly expression: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const writeBill = (): string =>
  billOfMaterials(manifest, contents, (locked) =>
    contents.runtimes.includes(locked) ? "MIT" : readLicence(PROJECT, locked).expression,
  );
const bill = JSON.parse(writeBill()) as Bill;

/** Names of the packages whose files are in a build, as the bundler says it. */
async function bundledPackages(): Promise<readonly string[]> {
  const { metafile } = await Bun.build({
    entrypoints: [join(PROJECT, "src", "main.ts")],
    target: "bun",
    splitting: true,
    metafile: true,
    outdir: scratchFolder("bundle"),
  });
  const inputs = Object.keys(metafile?.inputs ?? {});
  return [...new Set(inputs.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []))];
}

describe("the bill of materials", () => {
  test("names every package that is in a build, and the Bun of every platform", async () => {
    const names = new Set(bill.components.map(({ name }) => name));
    const bundled = await bundledPackages();
    expect(bundled).toContain("elysia");
    expect(bundled.filter((name) => !names.has(name))).toEqual([]);
    expect([...names].filter((name) => name.startsWith("@oven/"))).toHaveLength(PLATFORMS.length);
  });

  test("names nothing that only tests use", () => {
    const names = bill.components.map(({ name }) => name);
    expect(names).not.toContain("openai");
    expect(names).not.toContain("fast-check");
  });

  test("has a version, a hash and a licence of each, once, and no reference that leads nowhere", () => {
    const refs = bill.components.map((component) => component["bom-ref"]);
    expect(new Set(refs).size).toBe(refs.length);
    for (const { name, version, hashes, licenses } of bill.components) {
      expect([name, version]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+/)]);
      expect([name, hashes]).toEqual([name, [{ alg: "SHA-512", content: expect.stringMatching(/^[0-9a-f]{128}$/) }]]);
      expect([name, licenses]).toEqual([name, [{ expression: expect.stringMatching(/^[A-Za-z0-9.() -]+$/) }]]);
    }
    const known = new Set([`pkg:npm/${manifest.name}@${manifest.version}`, ...refs]);
    expect(bill.dependencies.map(({ ref }) => ref).filter((ref) => !known.has(ref))).toEqual([]);
    expect(bill.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !known.has(ref))).toEqual([]);
    expect(bill.dependencies[0]?.dependsOn).toContain("pkg:npm/%40sinclair/typebox@0.34.52");
  });

  test("is the same each time", () => {
    expect(writeBill()).toBe(writeBill());
  });
});

test("packages are found as modules find them: nested ones before those further out, circles included", () => {
  const lock = readLockFile(`{
    "packages": {
      "a": ["a@1.0.0", "", { "dependencies": { "b": "^2", "@s/c": "*" }, "peerDependencies": { "p": "*", "q": "*" }, "optionalPeers": ["q"] }, "sha512-AA=="],
      "b": ["b@1.0.0", "", {}, "sha512-AA=="],
      "q": ["q@1.0.0", "", {}, "sha512-AA=="],
      "a/b": ["b@2.0.0", "", { "dependencies": { "@s/c": "*" } }, "sha512-AA=="],
      "a/b/@s/c": ["@s/c@3.0.0", "", {}, "sha512-AA=="],
      "@s/c": ["@s/c@1.0.0", "", { "dependencies": { "a": "*" } }, "sha512-AA=="],
    }
  }`);
  const ids = closeOver(lock, ["a"]).map(({ name, version }) => `${name}@${version}`);
  expect(ids).toEqual(["@s/c@1.0.0", "@s/c@3.0.0", "a@1.0.0", "b@2.0.0"]);
  expect(() => closeOver(lock, ["z"])).toThrow("bun.lock has no package z");
});

test("the notices name every package with its licence", () => {
  const notices = thirdPartyNotices(PROJECT, contents.packages);
  for (const { name, version } of contents.packages) expect(notices).toContain(`\n${name} ${version}\nLicence: `);
  expect(notices).toContain("Permission is hereby granted");
});

test("an archive is unpacked with its contents and modes by any tar, and is the same each time", async () => {
  const files = [
    { path: "folder/program", content: Buffer.from("#!/bin/sh\n"), executable: true },
    { path: "folder/empty", content: new Uint8Array() },
    { path: "folder/block", content: Buffer.alloc(512, "x") },
  ];
  const folder = scratchFolder("archive");
  const archive = packFiles(files);
  expect(packFiles(files)).toEqual(archive);
  await Bun.write(join(folder, "a.tar.gz"), archive);
  expect(await Bun.spawn(["tar", "xzf", "a.tar.gz"], { cwd: folder }).exited).toBe(0);
  for (const { path, content, executable } of files) {
    expect(readFileSync(join(folder, path))).toEqual(Buffer.from(content));
    expect((statSync(join(folder, path)).mode & 0o111) !== 0).toBe(executable ?? false);
  }
  expect(() => packFiles([{ path: "x".repeat(101), content: new Uint8Array() }])).toThrow("too long");
});

describe("the platform of an executable", () => {
  const elf = (machine: number, loader: string): Buffer => {
    const file = Buffer.alloc(4096);
    file.write("\x7fELF", "latin1");
    file.writeUInt16LE(machine, 18);
    file.write(loader, 0x300);
    return file;
  };
  const machO = (machine: number): Buffer => {
    const file = Buffer.alloc(4096);
    file.writeUInt32LE(0xfeedfacf);
    file.writeUInt32LE(machine, 4);
    return file;
  };

  test.each([
    ["linux-x64", elf(62, "/lib64/ld-linux-x86-64.so.2")],
    ["linux-x64-musl", elf(62, "/lib/ld-musl-x86_64.so.1")],
    ["linux-arm64", elf(183, "/lib/ld-linux-aarch64.so.1")],
    ["linux-arm64-musl", elf(183, "/lib/ld-musl-aarch64.so.1")],
    ["darwin-x64", machO(0x01000007)],
    ["darwin-arm64", machO(0x0100000c)],
    [undefined, Buffer.alloc(4096, "MZ")],
    [undefined, Buffer.from("\x7fELF")],
  ])("%s", (platform, file) => {
    expect(platformOf(file)).toBe(platform);
  });

  test("is that of this process for its own", async () => {
    const own = platformOf(await Bun.file(process.execPath).slice(0, 4096).bytes());
    expect(own).toStartWith(`${process.platform}-${process.arch}`);
  });
});
