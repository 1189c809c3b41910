import { Failure } from "../core/errors.ts";

/**
 * The client's side of a connection, as far as the relay must steer it. The server cuts connections that are silent for
 * its idle timeout; while a provider thinks, silence is right.
 */
export interface ClientConnections {
  /** Lets the connection of this request stay silent for as long as the call's own deadlines allow. */
  suspendIdleTimeout(request: Request): void;
  /**
   * Gives the connection its idle timeout anew, from now on. Without this the exemption would outlive the request on a
   * kept-alive connection.
   */
  restoreIdleTimeout(request: Request): void;
  /** How many bytes of an upload must come within the idle timeout, or what is left of it where that is less. */
  readonly uploadBytesPerTimeout: number;
}

type Decoder = (
  bytes: Uint8Array,
  options: { readonly maxOutputLength: number },
  callback: (error: Error | null, result: Uint8Array) => void,
) => void;

// Most clients never send a body compressed, and the module brings all of the runtime's streams into memory.
const zlib = () => process.getBuiltinModule("node:zlib");

/** The Content-Encodings that a request body may have. https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1 */
const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: (...call) => zlib().gunzip(...call),
  "x-gzip": (...call) => zlib().gunzip(...call),
  deflate: (...call) => zlib().inflate(...call),
  br: (...call) => zlib().brotliDecompress(...call),
  zstd: (...call) => zlib().zstdDecompress(...call),
};

/**
 * The whole body of a request, decoded, and never more than `limit` bytes of it. It may take long, but not without end:
 * see {@link ClientConnections.uploadBytesPerTimeout}.
 * @throws Failure `body_too_large`, `unsupported_encoding`, `malformed_body`, or, where the client did not send what it
 * announced, `client_gone` or `body_interrupted`.
 */
export function readBody(request: Request, limit: number, connections: ClientConnections): Promise<Uint8Array> {
  const raw = readRawBody(request, limit, connections);
  const encoding = request.headers.get("content-encoding");
  return encoding === null ? raw : raw.then((bytes) => decodeBody(bytes, encoding, limit));
}

/** Like {@link readBody}, but with the Content-Encoding left as it is. */
export function readRawBody(request: Request, limit: number, connections: ClientConnections): Promise<Uint8Array> {
  const announced = announcedLength(request);
  if (announced !== undefined && announced > limit) return Promise.reject(new Failure("body_too_large"));
  // What must come within one idle timeout needs no watching, and costs less to read in one piece.
  const isShort = announced !== undefined && announced <= connections.uploadBytesPerTimeout;
  return isShort ? readWhole(request) : readInPieces(request, limit, connections);
}

/** The length of the body as its header announces it, in bytes; undefined for a chunked body. */
export function announcedLength(request: Request): number | undefined {
  const announced = request.headers.get("content-length");
  return announced === null ? undefined : Number(announced);
}

/**
 * Undoes the Content-Encoding of a body that is wholly there.
 * @throws Failure `body_too_large` as soon as more than `limit` bytes come out, so that a small bomb stays small.
 */
export function decodeBody(raw: Uint8Array, encoding: string, limit: number): Promise<Uint8Array> {
  const name = encoding.trim().toLowerCase();
  if (name === "" || name === "identity") return Promise.resolve(raw);
  const decode = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  if (!decode) return Promise.reject(new Failure("unsupported_encoding"));
  return new Promise((resolve, reject) => {
    decode(raw, { maxOutputLength: limit }, (error, decoded) => {
      if (!error) return resolve(decoded);
      const tooLarge = "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
      const message = `Failed to decode request: the body is not valid ${name}`;
      reject(tooLarge ? new Failure("body_too_large") : new Failure("malformed_body", { message }));
    });
  });
}

async function readWhole(request: Request): Promise<Uint8Array> {
  try {
    // A Buffer from the start: everything that looks into the bytes needs one.
    return Buffer.from(await request.arrayBuffer());
  } catch (error) {
    throw interruption(request, error);
  }
}

/** The runtime closes the connection on bad framing just as a client does that leaves; neither hears an answer any more. */
function interruption(request: Request, cause: unknown): Failure {
  return request.signal.aborted ? new Failure("client_gone") : new Failure("body_interrupted", { cause });
}

/** An array for each piece costs far more than a small piece itself, so that many are put together at a time. */
const PIECES_OF_A_BLOCK = 1024;

/**
 * Counts a body while it arrives, both because a chunked one has no announced length, and because the runtime takes an
 * upload below 16 kB/s for silence.
 */
async function readInPieces(request: Request, limit: number, connections: ClientConnections): Promise<Uint8Array> {
  const blocks: Uint8Array[] = [];
  let pieces: Uint8Array[] = [];
  let length = 0;
  let renewedAt = 0;
  const reader = request.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw interruption(request, error);
    });
    if (done) break;
    length += value.length;
    if (length > limit) {
      await reader.cancel().catch(() => {});
      throw new Failure("body_too_large");
    }
    if (length - renewedAt >= connections.uploadBytesPerTimeout) {
      renewedAt = length;
      connections.restoreIdleTimeout(request);
    }
    if (pieces.push(value) < PIECES_OF_A_BLOCK) continue;
    blocks.push(Buffer.concat(pieces));
    pieces = [];
  }
  if (length === pieces[0]?.length) return pieces[0];
  return Buffer.concat([...blocks, ...pieces], length);
}
