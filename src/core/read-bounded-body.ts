/**
 * Reads the whole body of a response of `fetch`, for documents that the gateway itself asks for.
 * @returns undefined if it is longer than `maxBytes`; the rest of it is not read
 * @throws whatever the runtime throws if it breaks off
 */
export async function readBoundedBody(response: Response, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
