import { decodeText } from "../../core/decode-text.ts";
import type { Principal } from "../../core/request-context.ts";
import type { KeepContent, TraceStep } from "../../core/request-trace.ts";
import type { Redact } from "../../core/redact/redact.ts";
import { ownerOf } from "./contents.ts";
import type { ContentMessage, KeptText } from "./content-message.ts";

/** Of each body so much is kept. */
const MAX_BODY_BYTES = 64 * 1024;
/** So much more is redacted, or a half of a secret would stay at the end; more than any takes, however it is spelled. */
const MARGIN_BYTES = 16 * 1024;
/** So much may be on its way to the database. */
const MAX_WAITING_CHARACTERS = 16 * 1024 * 1024;

export interface ContentKeeper {
  /** Keeps what calls of providers ask and are answered, until their request is over. */
  readonly keep: KeepContent;
  /**
   * A request is over, whose row has this id: what was kept of it is to be sent.
   * @param principal who may read it
   */
  over(request: object, id: string, principal: Principal | undefined): void;
  /** Sends it: much at once, because to wake a thread costs more than all else that is done here. */
  flush(): void;
  /** So many characters of it have arrived; that of so many requests was refused, and is lost. */
  arrived(characters: number, refused: number): void;
  /** The row of a request is lost, and with it what was kept of it. */
  lose(request: object): void;
  /** Nothing is on its way any more. */
  reset(): void;
  /** Of how many requests it was lost: too much was on its way, the database refused it, or there is no row. */
  lost(): number;
}

/** @param send called with what is to be kept of some requests */
export function createContentKeeper(send: (contents: readonly ContentMessage[]) => void): ContentKeeper {
  const kept = new WeakMap<object, Kept>();
  const ownerOfLast = rememberOwner();
  let outgoing: ContentMessage[] = [];
  let waiting = 0;
  let lost = 0;
  return {
    keep(request, step) {
      let ofRequest = kept.get(request);
      if (!ofRequest) kept.set(request, (ofRequest = { answering: undefined }));
      return new ContentStep(ofRequest, step);
    },
    over(request, id, principal) {
      const content = kept.get(request)?.answering?.content();
      kept.delete(request);
      if (!content) return;
      const characters = content.request.text.length + content.response.text.length;
      if (waiting + characters > MAX_WAITING_CHARACTERS) {
        lost += 1;
        return;
      }
      waiting += characters;
      outgoing.push({ id, owner: ownerOfLast(principal), ...content });
    },
    flush() {
      if (outgoing.length === 0) return;
      send(outgoing);
      outgoing = [];
    },
    arrived(characters, refused) {
      waiting = Math.max(0, waiting - characters);
      lost += refused;
    },
    lose(request) {
      if (kept.delete(request)) lost += 1;
    },
    reset() {
      waiting = 0;
      outgoing = [];
    },
    lost: () => lost,
  };
}

/** Most requests are of the same client as the one before. */
function rememberOwner(): (principal: Principal | undefined) => string {
  let last: Principal | undefined;
  let owner: string | undefined;
  return (principal) => {
    if (owner !== undefined && principal === last) return owner;
    last = principal;
    return (owner = ownerOf(principal));
  };
}

/** What is kept of a request: that of the call whose answer came last, which is the one that its client got. */
interface Kept {
  answering: ContentStep | undefined;
}

/** Sees what the step of a trace sees. */
class ContentStep implements TraceStep {
  readonly watchesBody = true;
  readonly keepsContent = true;
  readonly #kept: Kept;
  readonly #step: TraceStep | undefined;
  #request: KeptText = NOTHING;
  #redact: Redact | undefined;
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** There is more of the answer than came, or than anybody has taken. */
  #isBroken = false;

  constructor(kept: Kept, step: TraceStep | undefined) {
    this.#kept = kept;
    this.#step = step;
    kept.answering ??= this;
  }

  asked(body: Uint8Array, redact: Redact): void {
    this.#redact = redact;
    this.#request = redacted(body.subarray(0, MAX_BODY_BYTES + MARGIN_BYTES), body.length, redact);
    if (this.#step?.keepsContent) this.#step.asked(body, redact);
  }

  responded(status: number, whole?: Uint8Array | undefined): void {
    this.#kept.answering = this;
    this.#step?.responded(status, whole);
    if (whole) this.#keep(whole);
  }

  bodyCame(bytes: Uint8Array): void {
    this.#kept.answering = this;
    this.#keep(bytes);
    if (this.#step?.watchesBody) this.#step.bodyCame(bytes);
  }

  /** Of an answer that is given up, as is that of another call than the one whose answer the client got. */
  bodyLeft(pieces: readonly Uint8Array[]): void {
    this.#isBroken = true;
    for (const piece of pieces) this.#keep(piece);
    this.#step?.bodyLeft?.(pieces);
  }

  #keep(bytes: Uint8Array): void {
    const room = MAX_BODY_BYTES + MARGIN_BYTES - this.#length;
    // A copy, because the buffer that it lies in may be used again.
    if (room > 0) this.#chunks.push(Uint8Array.from(bytes.subarray(0, room)));
    this.#length += bytes.length;
  }

  settled(): void {
    this.#step?.settled();
  }

  ended(error?: unknown): void {
    this.#step?.ended(error);
  }

  /** Undefined if nothing is known that could be redacted. */
  content(): { readonly request: KeptText; readonly response: KeptText } | undefined {
    if (!this.#redact) return undefined;
    const { text, isCut } = redacted(Buffer.concat(this.#chunks), this.#length, this.#redact);
    return { request: this.#request, response: { text, isCut: isCut || this.#isBroken } };
  }
}

const NOTHING: KeptText = { text: "", isCut: false };

/** @param length of all of it, of which `bytes` are the beginning */
function redacted(bytes: Uint8Array, length: number, redact: Redact): KeptText {
  const text = redact(decodeText(bytes));
  if (length <= MAX_BODY_BYTES) return { text, isCut: false };
  // What was masked is shorter than it was, so that the margin is measured from the end.
  const end = length > bytes.length ? Math.min(MAX_BODY_BYTES, text.length - MARGIN_BYTES) : MAX_BODY_BYTES;
  return { text: text.slice(0, Math.max(0, end)), isCut: true };
}
