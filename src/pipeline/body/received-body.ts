import type { ClientRequest } from "../../core/client-request.ts";
import { Failure } from "../../core/errors.ts";
import { asBuffer } from "../../core/json/bytes.ts";
import type { CheckedObject } from "../../core/json/check-syntax.ts";
import { foundMember, type MemberWatch, watchedNames } from "../../core/json/member-watch.ts";
import { NO_LIMITS, watchMembers } from "../../core/json/limits.ts";
import { type JsonObject, MAX_WHOLE_BYTES, type Parsed, parseBytes, parseChecked } from "../../core/json/parse.ts";
import { CONTENT_ROOTS } from "../../formats/visual-signs.ts";
import type { AskedInPath } from "../read-path.ts";

/** A request body as the client sent it: the parsed value is for reading, the bytes are what is forwarded. */
export interface ReceivedBody {
  readonly bytes: Uint8Array;
  /** Of an {@link UnparsedBody}, parsed when it is first asked for: see {@link memberOf} and {@link parsed}. */
  readonly value: JsonObject;
  /** What a scan of the bytes for {@link DECISIVE_NAMES} has found; without it, each search scans them. */
  readonly members?: MemberWatch | undefined;
}

const ROUTING_NAMES = ["model", "stream_options", "tools", "tool_choice"] as const;

/** What is read of every request, or of every one of some API. */
const READ_NAMES = [
  ...(["stream", "store", "previous_response_id", "max_tokens", "max_completion_tokens", "max_output_tokens"] as const),
  ...(["generationConfig", "generation_config"] as const),
] as const;

type ReadName = DecisiveName | (typeof READ_NAMES)[number];

export type DecisiveName = (typeof ROUTING_NAMES)[number] | (typeof CONTENT_ROOTS)[number];

/** What is read of bodies that are not parsed; all else is read behind {@link parsed}. */
const READ_ALONE: ReadonlySet<string> = new Set(["model", "stream_options", ...READ_NAMES]);

/** A longer one is not read alone, but in turns, with all others. */
const MAX_MEMBER_BYTES = 64 * 1024;

/** The members that decisions of the gateway depend on. */
export const DECISIVE_NAMES = watchedNames([...ROUTING_NAMES, ...CONTENT_ROOTS, ...READ_NAMES]);

const isInPath = (name: string): name is keyof AskedInPath => name === "model" || name === "stream";

const LOWER_T = 0x74;
const LOWER_F = 0x66;

/**
 * A body that was only checked. To relay it nobody needs its value, which takes three to ten times as long to make, and
 * several times the memory of its bytes; so it is made if something asks for it. A class: one instance for each request.
 */
export class UnparsedBody implements ReceivedBody {
  readonly bytes: Uint8Array;
  readonly members: MemberWatch;
  /** Whether there may be something in it that the model could look at, see `VISUAL_SIGNS`. */
  readonly hasVisualSign: boolean;
  readonly #inPath: AskedInPath | undefined;
  #value: JsonObject | undefined;
  #model: unknown;

  constructor(bytes: Uint8Array, { watch, hasSign }: CheckedObject, inPath: AskedInPath | undefined) {
    this.bytes = bytes;
    this.members = watch;
    this.hasVisualSign = hasSign;
    this.#inPath = inPath;
  }

  get value(): JsonObject {
    return this.#value ?? this.#keep(parseChecked(this.bytes));
  }

  /** Parses a long body in turns of the event loop, ahead of who asks for its value. @throws Failure `client_gone` */
  async parse(stop: Pick<ClientRequest, "signal">): Promise<void> {
    const result: Parsed = await parseBytes(this.bytes, { limits: NO_LIMITS, stop });
    if ("fault" in result) throw new Failure("client_gone");
    this.#keep(result.value);
  }

  get isParsed(): boolean {
    return this.#value !== undefined;
  }

  /** Whether to read a member alone may take long, or takes all of it: one is repeated, or very long. */
  get hasOddMember(): boolean {
    for (const { name, count, member } of this.members.found) {
      if (!READ_ALONE.has(name) || !member) continue;
      if (count > 1 || member.valueEnd - member.valueStart > MAX_MEMBER_BYTES) return true;
    }
    return false;
  }

  /** The value of one member, which is parsed alone. */
  member(name: ReadName): unknown {
    // Asked for at three places of each request, and read once: 0.4 µs.
    if (name === "model") return (this.#model ??= this.#read(name));
    return this.#read(name);
  }

  #read(name: ReadName): unknown {
    if (this.#value) return this.#value[name];
    if (this.#inPath && isInPath(name)) return this.#inPath[name];
    const found = foundMember(this.members, name);
    if (!found?.member) return undefined;
    // The last of several counts, and only the first was found.
    if (found.count > 1) return this.value[name];
    const { valueStart, valueEnd } = found.member;
    const first = this.bytes[valueStart];
    if (first === LOWER_T) return true;
    if (first === LOWER_F) return false;
    return parseChecked(this.bytes, valueStart, valueEnd);
  }

  /** Those of the names that no member has: one pass over the bytes, for all of them. */
  lacking(names: readonly string[]): readonly string[] {
    if (this.#value) return lackingIn(this.#value, names);
    const watch = watchMembers(asBuffer(this.bytes), watchedNames(names));
    const isInBody = (name: string): boolean => foundMember(watch, name)?.member !== undefined;
    return names.filter((name) => !isInBody(name) && !(this.#inPath && isInPath(name)));
  }

  #keep(value: unknown): JsonObject {
    const own = value as JsonObject;
    return (this.#value = this.#inPath ? { ...own, ...this.#inPath } : own);
  }
}

/** The value of a member of a request: of one that is not parsed, by itself. */
export function memberOf(body: Pick<ReceivedBody, "value">, name: ReadName): unknown {
  return body instanceof UnparsedBody ? body.member(name) : body.value[name];
}

/** Those of the names that no member of a request has. */
export function lackingMembers(body: ReceivedBody, names: readonly string[]): readonly string[] {
  return body instanceof UnparsedBody ? body.lacking(names) : lackingIn(body.value, names);
}

const lackingIn = (value: JsonObject, names: readonly string[]): readonly string[] =>
  names.filter((name) => !Object.hasOwn(value, name));

/**
 * To be called before {@link ReceivedBody.value} is asked for: parses a long body in turns of the event loop.
 * @returns undefined if there is nothing to wait for
 */
export function parsed(body: ReceivedBody, stop: Pick<ClientRequest, "signal">): Promise<void> | undefined {
  return isLong(body) && body instanceof UnparsedBody && !body.isParsed ? body.parse(stop) : undefined;
}

/**
 * Goes on once a body is parsed. Apart from who calls it, since a function with a closure in it takes an object more each
 * time it is called, and most bodies need not be waited for.
 */
export function afterParsing<One, Two, Result>(
  parsing: Promise<void>,
  run: (one: One, two: Two) => Result | Promise<Result>,
  one: One,
  two: Two,
): Promise<Result> {
  return parsing.then(() => run(one, two));
}

/** Whether to parse a body takes more than one turn of the event loop should take. */
export const isLong = ({ bytes }: ReceivedBody): boolean => bytes.length > MAX_WHOLE_BYTES;
