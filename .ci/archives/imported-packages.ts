import { Glob } from "bun";
import { builtinModules } from "node:module";
import { join } from "node:path";

/** The packages that the TypeScript files in a folder import, types aside: what a build bundles, with all that these need. */
export async function importedPackages(folder: string): Promise<ReadonlySet<string>> {
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const packages = new Set<string>();
  for await (const file of new Glob("**/*.ts").scan(folder)) {
    if (file.endsWith(".d.ts")) continue;
    for (const { path } of transpiler.scanImports(await Bun.file(join(folder, file)).text())) {
      const [name] = /^(?:@[^/]+\/)?[^/.:]+(?=\/|$)/.exec(path) ?? [];
      if (name !== undefined && name !== "bun" && !builtinModules.includes(name)) packages.add(name);
    }
  }
  return packages;
}
