import type { ClientConnections } from "./connections.ts";

/**
 * The body of a request as it comes in, for a provider to take as fast as it likes: the client's silence counts while its
 * bytes are waited for, and not while the provider does not take them.
 * @param onBytes hears of every piece before it is passed on; what it throws breaks the upload off.
 */
export function passUpload(
  request: Request,
  body: ReadableStream<Uint8Array>,
  connections: ClientConnections,
  onBytes: (count: number) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        connections.release(request);
        const { done, value } = await reader.read();
        connections.hold(request);
        if (done) return controller.close();
        onBytes(value.length);
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
