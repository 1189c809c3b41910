import { $ } from "bun";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { billOfMaterials } from "./bill-of-materials.ts";
import { readContents } from "./contents.ts";
import { BUN_LICENCE, readLicence, thirdPartyNotices } from "./licences.ts";
import type { LockedPackage } from "./lock-file.ts";
import { type Platform, platformOf, PLATFORMS } from "./platforms.ts";
import { packFiles } from "./tar.ts";

const PROJECT = join(import.meta.dir, "..", "..");
const RELEASE = join(PROJECT, "dist", "release");
const NAME = `${manifest.name}-${manifest.version}`;

const read = async (path: string): Promise<Uint8Array> => Bun.file(join(PROJECT, path)).bytes();

async function archive(platform: Platform, notices: string): Promise<void> {
  const binary = join("dist", "release", manifest.name);
  await $`sh .ci/build --target=bun-${platform} --outfile=${binary}`.cwd(PROJECT).quiet();
  const content = await read(binary);
  await rm(join(PROJECT, binary));
  const built = platformOf(content);
  if (built !== platform) throw new Error(`the build for ${platform} is one for ${built}`);
  const folder = `${NAME}-${platform}`;
  const files = [
    { path: `${folder}/${manifest.name}`, content, executable: true },
    { path: `${folder}/LICENSE`, content: await read("LICENSE") },
    { path: `${folder}/README.md`, content: await read("README.md") },
    { path: `${folder}/THIRD-PARTY-NOTICES.txt`, content: Buffer.from(notices) },
  ];
  await Bun.write(join(RELEASE, `${folder}.tar.gz`), packFiles(files));
}

/** In the format of `sha256sum`, which checks it with `sha256sum --check SHA256SUMS`. */
async function writeChecksums(): Promise<void> {
  const lines: string[] = [];
  for (const name of (await readdir(RELEASE)).toSorted()) {
    const hash = new Bun.CryptoHasher("sha256").update(await Bun.file(join(RELEASE, name)).bytes()).digest("hex");
    lines.push(`${hash}  ${name}\n`);
  }
  await Bun.write(join(RELEASE, "SHA256SUMS"), lines.join(""));
}

async function release(platforms: readonly Platform[]): Promise<void> {
  await rm(RELEASE, { recursive: true, force: true });
  await mkdir(RELEASE, { recursive: true });

  const contents = await readContents(PROJECT);
  const licenceOf = (locked: LockedPackage): string =>
    contents.runtimes.includes(locked) ? BUN_LICENCE : readLicence(PROJECT, locked).expression;
  await Bun.write(join(RELEASE, `${NAME}.cdx.json`), billOfMaterials(manifest, contents, licenceOf));

  const notices = thirdPartyNotices(PROJECT, contents.packages);
  for (const platform of platforms) {
    console.log(`${NAME}-${platform}.tar.gz`);
    await archive(platform, notices);
  }
  console.log(`${NAME}.tgz`);
  await $`sh .ci/bun pm pack --quiet --destination ${RELEASE}`.cwd(PROJECT).quiet();
  await writeChecksums();
}

const isPlatform = (name: string): name is Platform => (PLATFORMS as readonly string[]).includes(name);
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !isPlatform(name));
if (unknown.length > 0) {
  console.error(`There is no platform ${unknown.join(", ")}. There are ${PLATFORMS.join(", ")}.`);
  process.exit(2);
}
await release(wanted.length > 0 ? wanted.filter(isPlatform) : PLATFORMS);
