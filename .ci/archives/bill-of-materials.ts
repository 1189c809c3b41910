import type { Contents } from "./contents.ts";
import { findLocked, type LockedPackage } from "./lock-file.ts";

/** Package URL of a package on npm. https://github.com/package-url/purl-spec */
const purlOf = (name: string, version: string): string =>
  `pkg:npm/${name.replace("@", "%40")}@${encodeURIComponent(version)}`;

/** The project itself. */
export interface Product {
  readonly name: string;
  readonly version: string;
  /** SPDX identifier. */
  readonly license: string;
}

/**
 * The bill of materials in CycloneDX 1.6. It has neither a time nor a serial number, which are optional, so that the same
 * source gives the same bytes. https://cyclonedx.org/docs/1.6/json/
 * @param licenceOf gives the SPDX expression of a package's licence.
 */
export function billOfMaterials(
  { name, version, license }: Product,
  { lock, imported, packages, runtimes }: Contents,
  licenceOf: (locked: LockedPackage) => string,
): string {
  const own = `pkg:npm/${name}@${version}`;
  const component = (locked: LockedPackage) => ({
    type: runtimes.includes(locked) ? "platform" : "library",
    "bom-ref": purlOf(locked.name, locked.version),
    name: locked.name,
    version: locked.version,
    scope: runtimes.includes(locked) ? "optional" : "required",
    hashes: [{ alg: "SHA-512", content: locked.sha512 }],
    licenses: [{ expression: licenceOf(locked) }],
    purl: purlOf(locked.name, locked.version),
  });
  const refs = (found: Iterable<LockedPackage | undefined>): string[] => [
    ...new Set([...found].flatMap((locked) => (locked ? [purlOf(locked.name, locked.version)] : [])).toSorted()),
  ];
  const direct = packages.filter((locked) => locked.path.length === 1 && imported.has(locked.name));
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": own,
        name,
        version,
        licenses: [{ license: { id: license } }],
        purl: own,
      },
    },
    components: [...runtimes, ...packages].map(component),
    dependencies: [
      { ref: own, dependsOn: refs([...direct, ...runtimes]) },
      ...[...runtimes, ...packages].map((locked) => ({
        ref: purlOf(locked.name, locked.version),
        dependsOn: refs(locked.needs.map((need) => findLocked(lock, need, locked.path))),
      })),
    ],
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}
