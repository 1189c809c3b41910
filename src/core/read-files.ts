import { readFileSync } from "node:fs";
import { errorCodeOf } from "./error-code.ts";
import { SettingError } from "./errors.ts";

/** Reads a file that a setting names, as UTF-8. Throws the system's error. */
export type ReadFile = (path: string) => string;

/** Like {@link readTextFile}, for files that are read while requests wait. */
export const readTextFileLater = (path: string): Promise<string> => Bun.file(path).text();

/** What files hold, by their paths as the settings name them. */
export type FileContents = Readonly<Record<string, string>>;

export const readTextFile: ReadFile = (path) => readFileSync(path, "utf8");

/** Reads the file that a setting names. @throws SettingError if it cannot be read, or is empty */
export function readSettingFile(setting: string, path: string, readFile: ReadFile): string {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    throw new SettingError(setting, `${path} cannot be read (${errorCodeOf(error) ?? "unreadable"})`);
  }
  // Whoever writes a file anew empties it first. To the TLS library, nothing is as good as not given.
  if (text.trim() === "") throw new SettingError(setting, `${path} is empty`);
  return text;
}

/** Reads files, and remembers what they held for those who are to begin with the same. */
export interface FileMemory {
  readonly read: ReadFile;
  /** What was read since the last call; also ends what was given. */
  take(): FileContents;
}

/** @param given takes the place of the files that it names, until `take` is called. */
export function createFileMemory(given: FileContents = {}): FileMemory {
  let instead = given;
  let contents: Record<string, string> = {};
  return {
    read(path) {
      const content = Object.hasOwn(instead, path) ? (instead[path] as string) : readTextFile(path);
      contents[path] = content;
      return content;
    },
    take() {
      const taken = contents;
      contents = {};
      instead = {};
      return taken;
    },
  };
}

/** The paths whose files hold something else by now, or cannot be read. */
export function changedFiles(contents: FileContents): readonly string[] {
  return Object.entries(contents)
    .filter(([path, content]) => {
      try {
        return readTextFile(path) !== content;
      } catch {
        return true;
      }
    })
    .map(([path]) => path);
}

/** @returns what reads files, and the hashes of those that it has read. */
export function rememberFiles(read: ReadFile): {
  readonly readFile: ReadFile;
  readonly files: ReadonlyMap<string, bigint | number>;
} {
  const files = new Map<string, bigint | number>();
  const readFile: ReadFile = (path) => {
    const text = read(path);
    files.set(path, Bun.hash(text));
    return text;
  };
  return { readFile, files };
}
