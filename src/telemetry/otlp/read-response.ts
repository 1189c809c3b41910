import { parseJson } from "../../core/json/parse.ts";
import { objectOf } from "../../core/json/values.ts";

/** Longest answer of a collector that is looked at. */
const MAX_BYTES = 64 * 1024;

/**
 * How many items a collector that has taken a request rejects of it. What cannot be read means none.
 * https://opentelemetry.io/docs/specs/otlp/#partial-success-1
 */
export async function rejectedOf(response: Response, isJson: boolean): Promise<number> {
  const bytes = await readBeginning(response);
  if (!isJson) return readRejected(bytes);
  const partialSuccess = objectOf(objectOf(parseJson(bytes))?.["partialSuccess"]) ?? {};
  const [count = 0] = Object.entries(partialSuccess).flatMap(([name, value]) =>
    name.startsWith("rejected") ? [Number(value)] : [],
  );
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** The answer as far as it is looked at; never throws. */
async function readBeginning(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_BYTES) break;
    }
  } catch {
    // The status has said that it was taken.
  }
  return Buffer.concat(chunks);
}

const PARTIAL_SUCCESS = 0x0a;
const REJECTED = 0x08;

/** Reads field 1 of field 1; collectors write it before the message. */
function readRejected(bytes: Buffer): number {
  if (bytes[0] !== PARTIAL_SUCCESS) return 0;
  const { next } = varint(bytes, 1);
  return bytes[next] === REJECTED ? varint(bytes, next + 1).value : 0;
}

function varint(bytes: Buffer, start: number): { readonly value: number; readonly next: number } {
  let value = 0;
  let scale = 1;
  for (let at = start; at < Math.min(bytes.length, start + 8); at++, scale *= 0x80) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: at + 1 };
  }
  return { value: 0, next: bytes.length };
}
