import { WireError } from "./wire-error.ts";

/** What a body is written to; resolves, or returns, when it may be given more. */
export interface UploadTarget {
  write(bytes: Uint8Array): Promise<void> | undefined;
}

const LAST_CHUNK = Buffer.from("0\r\n\r\n");
const LINE_END = Buffer.from("\r\n");

/**
 * Writes a body as it comes in, and never more of it than the server reads.
 * @param length that was announced in the head; undefined for a body in chunks
 * @throws with the code `UPLOAD_LENGTH` if it has another length, or with whatever the body failed with
 */
export async function writeUpload(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  length: number | undefined,
  target: UploadTarget,
): Promise<void> {
  let sent = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (value.length === 0) continue;
    sent += value.length;
    if (length !== undefined && sent > length) throw new WireError("UPLOAD_LENGTH");
    const framed =
      length === undefined ? Buffer.concat([Buffer.from(`${value.length.toString(16)}\r\n`), value, LINE_END]) : value;
    await target.write(framed);
  }
  if (length !== undefined && sent !== length) throw new WireError("UPLOAD_LENGTH");
  if (length === undefined) await target.write(LAST_CHUNK);
}
