import type { ClientRequest } from "../../core/client-request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import { asBuffer } from "../../core/json/bytes.ts";
import { Failure } from "../../core/errors.ts";
import type { MemoryBudget } from "../../core/memory/budget.ts";
import { nextTurn } from "../../core/event-loop.ts";
import type { Slots } from "../../core/slots.ts";
import { decompress, ONE_GO_BYTES } from "./decompress.ts";

/**
 * The client's side of a connection, as far as the pipeline must control it. The server cuts connections that are
 * silent for its idle timeout; while a provider thinks, silence is right.
 */
export interface ClientConnections {
  /** Lets the connection of this request stay silent for as long as the call's own deadlines allow. */
  suspendIdleTimeout(request: ClientRequest): void;
  /**
   * Restores the connection's idle timeout, from now on. Without this the exemption would outlive the request on a
   * kept-alive connection.
   */
  restoreIdleTimeout(request: ClientRequest): void;
  /** How many bytes of an upload must come within the idle timeout, or what is left of it if that is less. */
  readonly uploadBytesPerTimeout: number;
}

/** What reading a body needs of the rest of the gateway. */
export interface BodyReaderParts {
  readonly connections: ClientConnections;
  readonly memory: MemoryBudget;
  /** Turns at decompressing long bodies. */
  readonly decompressions: Slots;
  /** Longest body, in bytes, counted after it is decoded. */
  readonly maxBodyBytes: number;
}

/**
 * Up to this size what was announced is held from the start, and a body that must come within one idle timeout is not
 * watched.
 */
const WHOLE_BYTES = 256 * 1024;

/**
 * The whole body of a request, decoded, and never more than `maxBodyBytes` of it. It may take long, but not without
 * end: see {@link ClientConnections.uploadBytesPerTimeout}. The request holds its bytes in the budget from then on.
 * @throws Failure `body_too_large`, `unsupported_encoding`, `malformed_body`, `memory_exhausted`, or, if the client did
 * not send what it announced, `client_gone` or `body_interrupted`.
 */
export function readBody(context: RequestContext, request: ClientRequest, parts: BodyReaderParts): Promise<Uint8Array> {
  const raw = readRawBody(context, request, parts);
  const encoding = request.headers.get("content-encoding");
  return encoding === null ? raw : decodeLater(context, request, raw, encoding, parts);
}

const decodeLater = (
  context: RequestContext,
  request: ClientRequest,
  raw: Promise<Uint8Array>,
  encoding: string,
  parts: BodyReaderParts,
): Promise<Uint8Array> => raw.then((bytes) => decodeBody(context, request, bytes, encoding, parts));

/** Like {@link readBody}, but with the Content-Encoding left as it is. */
export function readRawBody(
  context: RequestContext,
  request: ClientRequest,
  parts: BodyReaderParts,
): Promise<Uint8Array> {
  const announced = announcedLength(request);
  if (announced !== undefined && announced > parts.maxBodyBytes) return Promise.reject(new Failure("body_too_large"));
  const isShort =
    announced !== undefined && announced <= Math.min(WHOLE_BYTES, parts.connections.uploadBytesPerTimeout);
  const wait = parts.memory.hold(context, announced ?? 0, request.signal);
  if (wait) return afterWait(context, request, parts, wait);
  // This costs less.
  return isShort ? readWhole(request) : readInPieces(context, request, parts);
}

/** The length of the body as its header announces it, in bytes; undefined for a chunked body. */
export function announcedLength(request: ClientRequest): number | undefined {
  const announced = request.headers.get("content-length");
  return announced === null ? undefined : Number(announced);
}

/** Undoes the Content-Encoding of a request's body, whose bytes the request holds decoded from then on. */
export async function decodeBody(
  context: RequestContext,
  { signal }: ClientRequest,
  raw: Uint8Array,
  encoding: string,
  { memory, decompressions, maxBodyBytes }: BodyReaderParts,
): Promise<Uint8Array> {
  await memory.hold(context, raw.length + ONE_GO_BYTES, signal);
  const mayHold = (bytes: number): boolean => memory.tryHold(context, bytes);
  const decoded = await decompress(raw, encoding, { maxBytes: maxBodyBytes, slots: decompressions, mayHold, signal });
  if (decoded.length > ONE_GO_BYTES) {
    // Processing it takes long. If its client left meanwhile, that is heard in the next turn of the
    // event loop.
    await nextTurn();
    if (signal.aborted) throw new Failure("client_gone");
  }
  memory.tryHold(context, decoded.length);
  return decoded;
}

/** A body whose client has had no response yet: no byte of it has been read. */
async function afterWait(
  context: RequestContext,
  request: ClientRequest,
  parts: BodyReaderParts,
  wait: Promise<void>,
): Promise<Uint8Array> {
  await whileHeld(request, parts.connections, wait);
  return readInPieces(context, request, parts);
}

/** While it waits for memory, nobody reads what the client sends: its silence does not count. */
async function whileHeld(request: ClientRequest, connections: ClientConnections, wait: Promise<void>): Promise<void> {
  connections.suspendIdleTimeout(request);
  try {
    await wait;
  } finally {
    connections.restoreIdleTimeout(request);
  }
}

function readWhole(request: ClientRequest): Promise<Uint8Array> {
  return request.bytes().then(asBuffer, (error: unknown) => {
    throw interruption(request, error);
  });
}

/** Why a body broke off: its client left, or its chunks are malformed, of which the client can still be told. */
function interruption(request: ClientRequest, cause: unknown): Failure {
  if (cause instanceof Failure) return cause;
  return request.signal.aborted ? new Failure("client_gone") : new Failure("body_interrupted", { cause });
}

/** An array for each piece costs far more than a small piece itself, so many are joined at a time. */
const PIECES_OF_A_BLOCK = 1024;

/**
 * Counts a body while it arrives, both because a chunked one has no announced length, and because its client may
 * take longer than it may be silent, as long as it goes on. Holds what has come, and not what was announced: whoever sends nothing must not
 * keep others from the budget.
 */
async function readInPieces(
  context: RequestContext,
  request: ClientRequest,
  { connections, memory, maxBodyBytes }: BodyReaderParts,
): Promise<Uint8Array> {
  const blocks: Uint8Array[] = [];
  let pieces: Uint8Array[] = [];
  let length = 0;
  let renewedAt = 0;
  memory.tryHold(context, 0);
  const upload = request.body?.getReader();
  try {
    while (upload) {
      const { value, done } = await upload.read().catch((error: unknown) => {
        throw interruption(request, error);
      });
      if (done) break;
      length += value.length;
      if (length > maxBodyBytes) throw new Failure("body_too_large");
      const wait = memory.hold(context, length, request.signal);
      if (wait) await whileHeld(request, connections, wait);
      if (length - renewedAt >= connections.uploadBytesPerTimeout) {
        renewedAt = length;
        connections.restoreIdleTimeout(request);
      }
      if (pieces.push(value) < PIECES_OF_A_BLOCK) continue;
      blocks.push(Buffer.concat(pieces));
      pieces = [];
    }
  } catch (error) {
    await upload?.cancel().catch(() => {});
    throw error;
  }
  const [first] = pieces;
  // Where it lies whole already and alone, it is not copied, and that memory is freed when it has been sent on.
  const isWhole = first && length === first.buffer.byteLength && pieces.every(({ buffer }) => buffer === first.buffer);
  if (isWhole && blocks.length === 0) return Buffer.from(first.buffer);
  return Buffer.concat([...blocks, ...pieces], length);
}
