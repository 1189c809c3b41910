import { Failure } from "../failure/failure.ts";
import type { UpstreamCall } from "../upstream/upstream.ts";

/** Up to this size an answer is read whole before anything is sent, so that one that breaks off becomes a proper error. */
const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;

/** A whole answer, or, where it is too long to be held, a stream that begins with what was already read. */
export type BufferedAnswer = { readonly whole: Uint8Array } | { readonly tooLong: ReadableStream<Uint8Array> };

/**
 * Reads the body of a provider's answer that is not a stream of events.
 * @throws Failure where it breaks off or its deadline passes.
 */
export async function bufferAnswer(
  response: Response,
  call: UpstreamCall,
  limit: number = MAX_BUFFERED_BYTES,
): Promise<BufferedAnswer> {
  const explain = (error: unknown): never => {
    throw call.explain(error);
  };
  const announced = response.headers.get("content-length");
  if (announced !== null && Number(announced) <= limit) return { whole: await response.bytes().catch(explain) };
  if (!response.body) return { whole: new Uint8Array(0) };
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(explain);
    if (done) return { whole: chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, length) };
    chunks.push(value);
    length += value.length;
    if (length > limit) return { tooLong: resume(chunks, reader) };
  }
}

type ChunkReader = Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel">;

/** A stream of the chunks that were read and then of all that follows. */
function resume(chunks: Uint8Array[], reader: ChunkReader): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const held = chunks.shift();
        if (held) return controller.enqueue(held);
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** The beginning of an error's body, as text; an error that breaks off or runs on is read as far as it came. */
export async function readErrorText(response: Response, call: UpstreamCall, limit: number): Promise<string> {
  const answer = await bufferAnswer(response, call, limit).catch((error: unknown) => {
    const failure = call.explain(error);
    if (failure.code === "client_gone") throw failure;
    return { whole: new Uint8Array(0) };
  });
  if ("whole" in answer) return new TextDecoder().decode(answer.whole);
  await answer.tooLong.cancel();
  return "";
}

/** Throws where an answer that should hold something holds nothing. */
export function requireBody(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new Failure("upstream_empty_response");
  return bytes;
}
