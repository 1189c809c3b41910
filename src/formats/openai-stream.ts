import type { Format } from "./format.ts";

/** How the streams of OpenAI's older APIs, chat and embeddings, end and report an error. */
export const OPENAI_STREAM: Pick<Format, "errorEvent" | "finalEventMarker"> = {
  errorEvent: ({ message, code, details }) => {
    const error = { message, type: "upstream_error", code: details.wireCode ?? code };
    return `data: ${JSON.stringify({ error })}\n\n`;
  },
  finalEventMarker: "data: [DONE]",
};
