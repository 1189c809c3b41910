import type { Exchange } from "../exchange/exchange.ts";
import type { UpstreamCall } from "../upstream/upstream.ts";
import type { RelayParts } from "./relay-call.ts";

/**
 * Ties a call to the request that it answers: whatever ends the exchange early ends the call, and until it is over the
 * client's connection may be silent.
 * @returns what ends that, and the call with it; to be called on every exit
 */
export function holdCall(
  { book, connections }: Pick<RelayParts, "book" | "connections">,
  exchange: Exchange,
  request: Request,
  call: UpstreamCall,
): () => void {
  connections.hold(request);
  book.onInterrupt(exchange, call);
  return () => {
    call.close();
    connections.release(request);
  };
}
