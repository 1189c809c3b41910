import { Body } from "../../upstream/response-body.ts";
import type { BodyConsumer } from "../../upstream/transport.ts";
import { BodyStreamReader } from "./body-stream.ts";

/** The connection that a body comes from. */
export interface BodySource {
  pauseReading(isPaused: boolean): void;
  /** Somebody wants the body. */
  wantBody(): void;
}

/** The body of a request, on its way from the connection to whoever takes it. */
export class IncomingBody extends Body {
  readonly #source: BodySource;
  #room: Buffer | undefined;

  /** @param room where all of it will lie, one piece behind the other, if that is known before */
  constructor(source: BodySource, room?: Buffer) {
    super();
    this.#source = source;
    this.#room = room;
  }

  override get whole(): Uint8Array | undefined {
    return this.#room && this.isComplete ? this.#room : super.whole;
  }

  protected override start(): void {
    this.#source.wantBody();
  }

  protected override pauseSource(isPaused: boolean): void {
    this.#source.pauseReading(isPaused);
  }

  protected override dropSource(): void {
    this.#source.pauseReading(false);
  }

  override consume(consumer: BodyConsumer): void {
    this.#room = undefined;
    super.consume(consumer);
  }

  /** All of it, once it has come. Rejects if it breaks off. To be called once: its request may be held for longer than its bytes. */
  bytes(): Promise<Uint8Array> {
    const { whole } = this;
    return whole ? Promise.resolve(this.#take(whole)) : this.keepUntil(never).then(() => this.#take(this.whole));
  }

  #take(whole: Uint8Array = NOTHING): Uint8Array {
    this.#room = undefined;
    this.cancel();
    return whole;
  }

  /** It as a web-standard stream, which has the client wait while nobody reads. */
  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream(new BodyStreamReader(this), { highWaterMark: 0 });
  }
}

const never = (): boolean => false;
const NOTHING = new Uint8Array(0);
