/**
 * The client's side of a connection, as far as the relay must steer it. The server cuts connections that are silent for
 * its idle timeout; while a provider thinks, silence is right.
 */
export interface ClientConnections {
  /** Lets the connection of this request stay silent for as long as the call's own deadlines allow. */
  hold(request: Request): void;
  /** Puts the idle timeout back; without this the exemption would outlive the request on a kept-alive connection. */
  release(request: Request): void;
}
