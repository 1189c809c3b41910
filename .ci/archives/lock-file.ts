/** A package that bun.lock pins. */
export interface LockedPackage {
  /** Where it is installed: its name, behind the names of the packages that it is nested in. */
  readonly path: readonly string[];
  readonly name: string;
  readonly version: string;
  /** SHA-512 of the package's archive, in hexadecimal digits. */
  readonly sha512: string;
  /** Names of the packages that it needs, peers included. */
  readonly needs: readonly string[];
}

type Entry = readonly [
  resolved: string,
  registry: string,
  about: {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly peerDependencies?: Readonly<Record<string, string>>;
    readonly optionalPeers?: readonly string[];
  },
  integrity: string,
];

/** `@scope/name/other` are the names `@scope/name` and `other`. */
const namesOf = (path: string): string[] => path.match(/(?:@[^/]+\/)?[^/]+/g) ?? [];

/**
 * Reads bun.lock.
 * @returns its packages by where they are installed, such as `elysia` or `debug/ms`.
 */
export function readLockFile(text: string): ReadonlyMap<string, LockedPackage> {
  const { packages } = Bun.JSONC.parse(text) as { packages: Readonly<Record<string, Entry>> };
  return new Map(
    Object.entries(packages).map(([path, [resolved, , about, integrity]]) => {
      const at = resolved.lastIndexOf("@");
      const peers = Object.keys(about.peerDependencies ?? {}).filter((peer) => !about.optionalPeers?.includes(peer));
      const locked: LockedPackage = {
        path: namesOf(path),
        name: resolved.slice(0, at),
        version: resolved.slice(at + 1),
        sha512: Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex"),
        needs: [...Object.keys(about.dependencies ?? {}), ...peers].toSorted(),
      };
      return [path, locked];
    }),
  );
}

/**
 * Finds a package as a module at that place does: in its own folder, then in those around it.
 * @returns undefined for a peer that is not installed.
 */
export function findLocked(
  lock: ReadonlyMap<string, LockedPackage>,
  name: string,
  from: readonly string[] = [],
): LockedPackage | undefined {
  for (let depth = from.length; depth >= 0; depth--) {
    const found = lock.get([...from.slice(0, depth), name].join("/"));
    if (found) return found;
  }
  return undefined;
}

/** The packages of these names and all that they need, each version once, in the order of names and versions. */
export function closeOver(lock: ReadonlyMap<string, LockedPackage>, names: Iterable<string>): readonly LockedPackage[] {
  const found = new Map<string, LockedPackage>();
  const waiting = [...names].map((name) => {
    const locked = findLocked(lock, name);
    if (!locked) throw new Error(`bun.lock has no package ${name}, which the source imports`);
    return locked;
  });
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const id = `${next.name}@${next.version}`;
    if (found.has(id)) continue;
    found.set(id, next);
    for (const need of next.needs) {
      const locked = findLocked(lock, need, next.path);
      if (locked) waiting.push(locked);
    }
  }
  return [...found.keys()].toSorted().flatMap((id) => found.get(id) ?? []);
}
