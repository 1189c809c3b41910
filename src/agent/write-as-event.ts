import { isJsonObject } from "../json/decode-object.ts";
import { decodeCompletion } from "./decode-completion.ts";

/**
 * A chat completion that came in one piece, as the one event of a stream; some providers do not stream when tools are
 * offered. What is no completion is passed on as it is.
 */
export async function writeAsEvent(bytes: Uint8Array): Promise<Uint8Array> {
  const answer = await decodeCompletion(bytes);
  if (!answer) return Buffer.from(`data: ${JSON.stringify(new TextDecoder().decode(bytes))}\n\n`);
  const choices = Array.isArray(answer["choices"]) ? answer["choices"].filter(isJsonObject) : undefined;
  const chunk = {
    ...answer,
    object: "chat.completion.chunk",
    choices: choices?.map(({ message, ...choice }) => ({ ...choice, delta: message })),
  };
  return Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
}
