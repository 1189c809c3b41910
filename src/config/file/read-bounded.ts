import { readFileSync, statSync } from "node:fs";
import { readingProblem } from "../environment.ts";

/** What a file holds, or why it cannot be read, in a few words. */
export type BoundedFile =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

/** Reads a regular file of UTF-8 text, without a byte order mark. */
export function readBounded(path: string, maxBytes: number): BoundedFile {
  try {
    const { size } = checkRegular(path);
    if (size > maxBytes) return { ok: false, reason: `it is larger than ${maxBytes} bytes` };
    const bytes = readFileSync(path);
    // It may have grown since.
    if (bytes.length > maxBytes) return { ok: false, reason: `it is larger than ${maxBytes} bytes` };
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (error) {
    return { ok: false, reason: error instanceof NotRegular ? error.message : readingProblem(error) };
  }
}

class NotRegular extends Error {}

/** A pipe would be waited for, and a device may have no end. */
function checkRegular(path: string) {
  const status = statSync(path);
  if (status.isDirectory()) throw new NotRegular("it is a directory");
  if (!status.isFile()) throw new NotRegular("it is no regular file");
  return status;
}
