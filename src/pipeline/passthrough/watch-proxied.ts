import type { RequestContext } from "../../core/request-context.ts";
import { createStreamTail } from "../../core/sse/stream-tail.ts";
import { modelIn } from "../../formats/answer-model.ts";
import { CHAT } from "../../formats/chat/format.ts";
import { COMPLETIONS } from "../../formats/completions/format.ts";
import { EMBEDDINGS } from "../../formats/embeddings/format.ts";
import type { Format } from "../../formats/format.ts";
import { GENERATE, STREAM_GENERATE } from "../../formats/gemini/format.ts";
import { MESSAGES } from "../../formats/messages/format.ts";
import { RESPONSES } from "../../formats/responses/format.ts";
import { joinUsage } from "../../core/token-usage.ts";
import { readFirstUsage, readUsage } from "../../formats/usage.ts";
import type { UpstreamResponse } from "../../upstream/transport.ts";

/** How the paths end whose answers say what they used in a way that is known; the longer of two ends first. */
const KNOWN_PATHS: readonly (readonly [end: string, format: Pick<Format, "readUsage" | "usageAtStart">])[] = [
  ["/chat/completions", CHAT],
  ["/completions", COMPLETIONS],
  ["/embeddings", EMBEDDINGS],
  ["/messages", MESSAGES],
  ["/responses", RESPONSES],
  [":generateContent", GENERATE],
  [":streamGenerateContent", STREAM_GENERATE],
];

/** Usage is this near the end of an answer, and a model that is not at its beginning this near to that. */
const TAIL_BYTES = 4096;
const MODEL_TAIL_BYTES = 512;
/** The model, and the first part of the usage of a stream of Messages, are in so many first bytes. */
const HEAD_BYTES = 2048;

/** Looks at an answer that passes as it is, and changes and holds nothing of it. */
export interface ProxiedWatch {
  push(chunk: Uint8Array): void;
  /** That was all: records what was used, and the model that says it has answered if none is known. */
  end(): void;
}

/**
 * Makes what records the usage that an answer on `/proxy` reports. Nothing is estimated: of the request nobody has read what is media.
 * @param url that was asked
 * @returns undefined if it is not known how the answer would tell it: at another path, of an error, or in encoded bytes
 */
export function watchProxied(
  context: RequestContext,
  method: string,
  url: string,
  { status, headers }: Pick<UpstreamResponse, "status" | "headers">,
): ProxiedWatch | undefined {
  if (method !== "POST" || status >= 300 || headers.get("content-encoding") !== null) return undefined;
  const path = url.split("?", 1)[0]?.replace(/\/$/, "") ?? "";
  const format = KNOWN_PATHS.find(([end]) => path.endsWith(end))?.[1];
  if (!format) return undefined;
  const tail = createStreamTail(TAIL_BYTES);
  let model: string | undefined;
  let awaitsHead = true;
  return {
    push(chunk) {
      const isFirst = tail.total() === 0;
      tail.push(chunk);
      if (!awaitsHead) return;
      // The first chunk is read itself: if it is long, the tail has only its end.
      const head = isFirst ? chunk : tail.bytes();
      model ??= modelIn(head);
      if (format.usageAtStart && context.usage === undefined) context.used(readFirstUsage(head));
      const hasAll = model !== undefined && (!format.usageAtStart || context.usage !== undefined);
      awaitsHead = !hasAll && tail.total() < HEAD_BYTES;
    },
    end() {
      const last = tail.bytes();
      context.used(joinUsage(context.usage, (format.readUsage ?? readUsage)(last)));
      if (context.model !== undefined || context.provider === undefined) return;
      model ??= modelIn(last.subarray(-MODEL_TAIL_BYTES));
      if (model !== undefined) context.selected(context.provider, model);
    },
  };
}
