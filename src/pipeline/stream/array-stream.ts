import { Failure } from "../../core/errors.ts";
import { asBuffer } from "../../core/json/bytes.ts";
import { createStreamTail } from "../../core/sse/stream-tail.ts";
import type { Format } from "../../formats/format.ts";
import type { StreamWatch } from "../../formats/stream-watch.ts";
import { readUsage } from "../../formats/usage.ts";
import type { Provider } from "../../providers/provider.ts";
import { UpstreamFailure, unfinishedStream } from "../../upstream/errors.ts";
import type { Reply } from "../attempt/attempt.ts";
import type { Attempts } from "../attempt/attempts.ts";
import { bookStream } from "../book-usage.ts";
import { streamResponse } from "./event-stream.ts";
import { beginStream } from "../heartbeat.ts";
import { createErrorMask } from "../mask-errors.ts";
import type { StreamListener } from "../stream-listener.ts";
import { startPump } from "./stream-pump.ts";
import { watchContent } from "./watch-content.ts";

/** Usage is in the last element, and signs of an end are looked for in all bytes. */
const TAIL_BYTES = 4096;

const OPEN_BRACKET = 0x5b;

/** What has more white space before it than this is no array: it is kept until the first other byte. */
const MAX_BLANK_BYTES = 64 * 1024;

export interface ArrayStreamOptions {
  readonly provider: Provider;
  readonly format: Pick<Format, "contentOf" | "readUsage">;
  readonly watch: StreamWatch;
}

/**
 * The response that carries a stream whose elements come as those of one JSON array, byte for byte, and records its usage
 * when it is over. The attempts are handed over to it. A silent one gets no signs of life: within an element there is no
 * place for them.
 * @returns undefined if it is no array
 * @throws Failure if the stream ends before its first byte.
 */
export async function openArrayStream(
  attempts: Attempts,
  reply: Reply,
  { provider, format, watch }: ArrayStreamOptions,
): Promise<Response | undefined> {
  const { context } = attempts;
  const { response, call } = reply;
  const source = response.body;
  if (!source || (await beginStream(source, call)) === "empty") {
    throw new Failure("upstream_empty_response", { provider: provider.id });
  }
  let first: number | undefined;
  const isEnough = (length: number, piece: Uint8Array): boolean =>
    (first ??= piece.find((byte) => byte > 0x20)) !== undefined || length > MAX_BLANK_BYTES;
  await source.keepUntil(isEnough).catch(() => false);
  if (first !== OPEN_BRACKET) return undefined;
  context.streamed();
  const tail = createStreamTail(TAIL_BYTES);
  const awaited = watchContent(call, format, true);
  const last = (): Buffer => asBuffer(tail.bytes());

  const listener: StreamListener = {
    onChunk(chunk) {
      context.firstByte();
      context.sent(chunk.length);
      awaited?.(chunk);
      watch.push(asBuffer(chunk), tail);
      tail.push(chunk);
    },
    terminalErrorEvent(failure) {
      const words = Buffer.from(watch.errorEvents(failure, context.id, last()));
      if (words.length === 0) return undefined;
      context.sent(words.length);
      return words;
    },
    failureAtEnd() {
      const ending = watch.ending(last());
      if (ending === "error") context.failed(new Failure("provider_error", { provider: provider.id }));
      return ending === "cut" ? new UpstreamFailure(unfinishedStream(), provider.id) : undefined;
    },
    isOver: () => watch.isOver(last()),
    onEnd(reason) {
      const hasAll = reason?.code === "client_gone" && watch.isOver(last());
      const told = reply.usage ? reply.usage() : (format.readUsage ?? readUsage)(tail.bytes());
      bookStream(context, told, tail, reason !== undefined && !hasAll);
      attempts.close(hasAll ? undefined : reason);
      context.finishBody(hasAll ? undefined : reason);
    },
  };
  const body = startPump(source, call, listener, { filter: createErrorMask(provider) });
  return streamResponse(attempts, reply, body);
}
