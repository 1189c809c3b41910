export interface ArchivedFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable?: boolean;
}

const BLOCK_BYTES = 512;
const MAX_PATH_BYTES = 100;

/** A header of POSIX.1-1988 (ustar), which every tar reads. Owner, group and time are always the same. */
function header({ path, content, executable }: ArchivedFile): Uint8Array {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new Error(`the path ${path} is too long for an archive`);
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, at: number, digits: number) =>
    block.write(value.toString(8).padStart(digits, "0"), at, "latin1");
  block.write(path, 0);
  octal(executable ? 0o755 : 0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(content.length, 124, 11);
  octal(0, 136, 11);
  block.write("        ", 148);
  block.write("0", 156);
  block.write("ustar\x0000", 257, "latin1");
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block.write("\0 ", 154, "latin1");
  return block;
}

/** A tar archive of these files, in their order, compressed with gzip: the same bytes for the same files. */
export function packFiles(files: readonly ArchivedFile[]): Uint8Array<ArrayBuffer> {
  const blocks = files.flatMap((file) => [
    header(file),
    file.content,
    Buffer.alloc((BLOCK_BYTES - (file.content.length % BLOCK_BYTES)) % BLOCK_BYTES),
  ]);
  return Bun.gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]), { level: 6 });
}
