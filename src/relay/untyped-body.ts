/** Bytes for a response without a Content-Type; the runtime gives one to bytes as they are, and none to a stream. */
export function untypedBody(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    // One that ends when it is first asked is sent with its length.
    type: "direct",
    pull(controller) {
      controller.write(bytes);
      controller.close();
    },
  });
}
