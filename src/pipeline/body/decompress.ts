import type { ClientSignal } from "../../core/client-request.ts";
import type { Transform } from "node:stream";
import { Failure, FAILURES } from "../../core/errors.ts";
import { memoryExhausted } from "../../core/memory/budget.ts";
import type { Slots } from "../../core/slots.ts";

type Compressed = "gzip" | "deflate" | "br" | "zstd";

/** The Content-Encodings that a request body may have. https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1 */
const FORMATS: Readonly<Record<string, Compressed>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "br",
  zstd: "zstd",
};

const ACCEPTED = Object.keys(FORMATS);

/** What clients say of a body that is not compressed: that there is no encoding, or that of its characters. */
const PLAIN: ReadonlySet<string> = new Set([
  "",
  "none",
  "identity",
  "utf-8",
  "utf8",
  "us-ascii",
  "ascii",
  "7bit",
  "8bit",
  "binary",
]);

/** Limits for decompressing one body, and when to stop. */
export interface DecompressLimits {
  /** Of the decompressed body, in bytes. */
  readonly maxBytes: number;
  /** For those that take long. */
  readonly slots: Slots;
  /** Called before more than so many bytes are held, the compressed ones included. */
  readonly mayHold?: (bytes: number) => boolean;
  /** Aborts it if the client is gone. */
  readonly signal?: ClientSignal;
}

/** A body of at most this size is decompressed at once, which costs a third of a stream. */
export const ONE_GO_BYTES = 256 * 1024;

/** Bytes between two checks of the limits. */
const STEP_BYTES = 64 * 1024;

// Most clients never send a body compressed, and the module brings all of the runtime's streams into memory.
const zlib = () => process.getBuiltinModule("node:zlib");

/**
 * Undoes the Content-Encoding of a complete body.
 * @throws Failure `body_too_large` as soon as the output exceeds `maxBytes`, so that a small bomb stays small;
 * `unsupported_encoding`, `malformed_body`, `client_gone`, or `memory_exhausted` if it may not be held
 */
export async function decompress(raw: Uint8Array, encoding: string, limits: DecompressLimits): Promise<Uint8Array> {
  const [name, ...more] = encoding
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => !PLAIN.has(coding));
  if (name === undefined) return raw;
  const format = more.length === 0 && Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (!format) throw unsupportedEncoding();
  try {
    return (await inOneGo(raw, format, limits)) ?? (await inSteps(raw, format, limits));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("malformed_body", { message: `Failed to decode request: the body is not valid ${name}` });
  }
}

/** The response says what would be accepted. https://www.rfc-editor.org/rfc/rfc9110#section-15.5.16 */
function unsupportedEncoding(): Failure {
  const names = `${ACCEPTED.slice(0, -1).join(", ")} or ${ACCEPTED.at(-1)}`;
  return new Failure("unsupported_encoding", {
    message: `${FAILURES.unsupported_encoding.message}: send the body as it is, or with one of ${names}`,
    headers: { "accept-encoding": ACCEPTED.join(", ") },
  });
}

/** @returns undefined if more than {@link ONE_GO_BYTES} would come out */
function inOneGo(raw: Uint8Array, format: Compressed, { maxBytes }: DecompressLimits): Promise<Uint8Array | undefined> {
  if (raw.length > ONE_GO_BYTES) return Promise.resolve(undefined);
  const maxOutputLength = Math.min(maxBytes, ONE_GO_BYTES);
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>();
  const onEnd = (error: Error | null, result: Uint8Array): void => {
    if (!error) resolve(result);
    else if (!isTooLarge(error)) reject(error);
    else if (maxBytes <= ONE_GO_BYTES) reject(new Failure("body_too_large"));
    else resolve(undefined);
  };
  const options = { maxOutputLength };
  switch (format) {
    case "gzip":
      zlib().gunzip(raw, options, onEnd);
      break;
    case "deflate":
      zlib().inflate(raw, options, onEnd);
      break;
    case "br":
      zlib().brotliDecompress(raw, options, onEnd);
      break;
    case "zstd":
      zlib().zstdDecompress(raw, options, onEnd);
      break;
  }
  return promise;
}

async function inSteps(
  raw: Uint8Array,
  format: Compressed,
  { maxBytes, slots, mayHold = () => true, signal }: DecompressLimits,
): Promise<Uint8Array> {
  using _slot = await slots.take(signal);
  const stream = openStream(format);
  const leave = (): void => void stream.destroy(new Failure("client_gone"));
  signal?.addEventListener("abort", leave);
  try {
    if (signal?.aborted) throw new Failure("client_gone");
    const steps: Uint8Array[] = [];
    let length = 0;
    stream.end(raw);
    for await (const step of stream as AsyncIterable<Uint8Array>) {
      length += step.length;
      if (length > maxBytes) throw new Failure("body_too_large");
      if (!mayHold(raw.length + length)) throw memoryExhausted();
      steps.push(step);
    }
    // Both the pieces and the whole are held for a moment.
    if (!mayHold(raw.length + length * 2)) throw memoryExhausted();
    return Buffer.concat(steps, length);
  } finally {
    signal?.removeEventListener("abort", leave);
    stream.destroy();
  }
}

function openStream(format: Compressed): Transform {
  const options = { chunkSize: STEP_BYTES };
  switch (format) {
    case "gzip":
      return zlib().createGunzip(options);
    case "deflate":
      return zlib().createInflate(options);
    case "br":
      return zlib().createBrotliDecompress(options);
    case "zstd":
      return zlib().createZstdDecompress(options);
  }
}

function isTooLarge(error: Error): boolean {
  return "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}
