/** The first `model` of an answer: within a text, its quotes would be escaped. */
const MODEL = /"(?:model|modelVersion)"\s*:\s*"([^"\\]{1,256})"/;

/** So far into an answer its model is looked for. */
const MODEL_BYTES = 2048;

/** The model that an answer says has made it, if it begins with that. */
export function modelIn(bytes: Uint8Array): string | undefined {
  return MODEL.exec(Buffer.from(bytes.subarray(0, MODEL_BYTES)).toString())?.[1];
}
