/** Where releases run, as the name of their archive says it; `bun-` before it is the name of the build's target. */
export const PLATFORMS = [
  "linux-x64",
  "linux-x64-musl",
  "linux-arm64",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
] as const;
export type Platform = (typeof PLATFORMS)[number];

/** The npm package with the runtime that a build for this platform contains. */
export const runtimePackage = (platform: Platform): string => `@oven/bun-${platform.replace("arm64", "aarch64")}`;

/** The headers of an executable, its interpreter included, are within its first bytes. */
const HEADER_BYTES = 4096;

const ELF_MAGIC = 0x464c457f;
const ELF_MACHINES: Readonly<Record<number, string>> = { 62: "x64", 183: "arm64" };
const MACH_O_64_MAGIC = 0xfeedfacf;
const MACH_O_MACHINES: Readonly<Record<number, string>> = { 0x01000007: "x64", 0x0100000c: "arm64" };

/**
 * Says what an executable file runs on, by its own header: ELF (System V ABI, with the loader of its C library) or Mach-O.
 * @returns a platform such as `linux-arm64-musl`, or undefined if it is neither.
 */
export function platformOf(executable: Uint8Array): string | undefined {
  if (executable.length < HEADER_BYTES) return undefined;
  const header = Buffer.from(executable.buffer, executable.byteOffset, HEADER_BYTES);
  const magic = header.readUInt32LE(0);
  if (magic === MACH_O_64_MAGIC) return `darwin-${MACH_O_MACHINES[header.readUInt32LE(4)]}`;
  if (magic !== ELF_MAGIC) return undefined;
  const loader = /\/lib\w*\/ld-(linux|musl)-/.exec(header.toString("latin1"))?.[1];
  return `linux-${ELF_MACHINES[header.readUInt16LE(18)]}${loader === "musl" ? "-musl" : ""}`;
}
