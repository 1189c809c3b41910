/**
 * The client's side of a connection, as far as the relay must steer it. The server cuts connections that are silent for
 * its idle timeout; while a provider thinks, silence is right.
 */
export interface ClientConnections {
  /** Lets the connection of this request stay silent for as long as the call's own deadlines allow. */
  hold(request: Request): void;
  /**
   * Gives the connection its idle timeout anew, from now on. Without this the exemption would outlive the request on a
   * kept-alive connection.
   */
  release(request: Request): void;
  /** How many bytes of an upload must come within the idle timeout, or what is left of it where that is less. */
  readonly uploadBytesPerTimeout: number;
}
