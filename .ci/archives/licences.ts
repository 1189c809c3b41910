import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LockedPackage } from "./lock-file.ts";

/** What an installed package says of its licence. */
export interface Licence {
  /** An SPDX expression, such as `MIT`. */
  readonly expression: string;
  /** The files with its terms, one behind the other; empty if it has none. */
  readonly text: string;
}

/** Reads the licence of a package from where it is installed. */
export function readLicence(project: string, { path, name }: LockedPackage): Licence {
  const folder = join(project, "node_modules", path.join("/node_modules/"));
  const { license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { license?: unknown };
  if (typeof license !== "string") throw new Error(`${name} does not say under which licence it is`);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const texts = files.toSorted().map((file) => readFileSync(join(folder, file), "utf8").trim());
  return { expression: license, text: texts.join("\n\n") };
}

/** The runtime's own; its packages are not installed here. */
export const BUN_LICENCE = "MIT";

const LINE = `\n\n${"-".repeat(80)}\n\n`;

/** The text that has to go with every copy: the licences of all packages that a build contains. */
export function thirdPartyNotices(project: string, packages: readonly LockedPackage[]): string {
  const notices = packages.map((locked) => {
    const { expression, text } = readLicence(project, locked);
    return `${locked.name} ${locked.version}\nLicence: ${expression}${text === "" ? "" : `\n\n${text}`}`;
  });
  const runtime =
    `Bun ${Bun.version}\nLicence: ${BUN_LICENCE}\n\nIt links further libraries, among them JavaScriptCore under ` +
    "LGPL-2.0: https://bun.com/docs/project/license";
  return `${["The Inference Gateway contains the following software.", runtime, ...notices].join(LINE)}\n`;
}
