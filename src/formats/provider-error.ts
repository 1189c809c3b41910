import { isJsonObject, type JsonObject, parseJson } from "../core/json/parse.ts";
import type { Redact } from "../core/redact/redact.ts";
import { boundedMembers } from "./bounded-members.ts";
import {
  CODES,
  EMPTY_TYPES,
  IDENTIFIER,
  isNoise,
  MESSAGES,
  plainName,
  TYPES,
  WEAK_MESSAGES,
  WRAPPERS,
} from "./error-names.ts";
import { describeProblems, readMarkup, readStreamedText, shorten } from "./error-text.ts";

/** What a provider said about its own error; members that it did not say are absent. */
export interface ProviderError {
  readonly message?: string;
  readonly type?: string;
  readonly code?: string | number;
  readonly param?: string;
  /** What else it said, such as `metadata`, `details` or `innererror`, within bounds. */
  readonly rest?: JsonObject;
}

/** Of a type, a code or the name of a parameter. */
const MAX_WORD_CHARACTERS = 256;

/** Objects, arrays, JSON texts and events within each other, of which the innermost one may have the message. */
const MAX_LEVELS = 8;

/** What a JSON text begins with that may hold a message. */
const JSON_TEXT = /^\s*[{["]/;

const unchanged: Redact = (text) => text;

/**
 * Takes the message out of whatever shape the provider used: OpenAI's and Anthropic's `{error: {…}}`, the flat
 * `{message}` of Mistral and Cohere, Google's `[{error: {…}}]`, Cloudflare's `{errors: [{…}]}`, FastAPI's `{detail}`,
 * MiniMax's `{base_resp: {status_msg}}`, RFC 9457, each of them within another one or as a JSON text, an event of a
 * stream, the title of an HTML page, plain text.
 * @param redact goes over JSON texts within the body before they are opened; the body itself has been through it
 * @param named AWS's `x-amzn-errortype`, of which the body says nothing: `ThrottlingException:http://…`
 */
export function readProviderError(body: string, redact: Redact = unchanged, named?: string | null): ProviderError {
  const [, code] = /^([\w.-]+)(?::|$)/.exec(named ?? "") ?? [];
  return { ...(code !== undefined && { code }), ...readText(body.replace(/^\ufeff/, ""), redact, 0) };
}

function readText(text: string, redact: Redact, level: number): ProviderError {
  const plain = text.trim();
  if (plain === "") return {};
  const value = parseJson(plain);
  if (value !== undefined) return readValue(value, redact, level);
  if (plain.startsWith("<")) return readMarkup(plain);
  // Each event within another one is read again from its beginning to its end.
  const streamed = level < MAX_LEVELS ? readStreamedText(plain) : undefined;
  return streamed === undefined ? { message: shorten(plain) } : readText(streamed, redact, level + 1);
}

/** Reads an error whose JSON has been parsed. */
export function readValue(value: unknown, redact: Redact = unchanged, level: number = 0): ProviderError {
  if (level > MAX_LEVELS) return {};
  if (typeof value === "string") return readString(value, redact, level);
  if (Array.isArray(value)) return readList(value, redact, level);
  return isJsonObject(value) ? new ErrorReader(value, redact, level).read() : {};
}

/** A message that is a JSON text is one of another server, which this one passes on. */
function readString(text: string, redact: Redact, level: number): ProviderError {
  const plain = text.trim();
  if (plain === "") return {};
  if (JSON_TEXT.test(plain)) {
    const opened = readValue(parseJson(redact(plain)), redact, level + 1);
    if (opened.message !== undefined) return opened;
  }
  return { message: shorten(plain) };
}

/** Several messages are one; of several errors the first one counts, and all are in the message. */
function readList(list: readonly unknown[], redact: Redact, level: number): ProviderError {
  const [first] = list;
  if (list.length === 1 && typeof first === "string") return readString(first, redact, level);
  const problems = describeProblems(list);
  if (problems !== undefined) return { message: shorten(problems) };
  const error = readValue(first, redact, level + 1);
  if (list.length < 2 || error.message === undefined) return error;
  const rest = boundedMembers({ errors: list, ...error.rest });
  return rest === undefined ? error : { ...error, rest };
}

/** Reads one object; what of it became a part of the error is not repeated in the rest. */
class ErrorReader {
  readonly #object: JsonObject;
  readonly #redact: Redact;
  readonly #level: number;
  /** The names of the members as they are spelled, by the form in which they are compared. */
  readonly #names = new Map<string, string>();
  readonly #used = new Set<string>();

  constructor(object: JsonObject, redact: Redact, level: number) {
    this.#object = object;
    this.#redact = redact;
    this.#level = level;
    for (const name of Object.keys(object)) {
      const plain = plainName(name);
      if (!this.#names.has(plain)) this.#names.set(plain, name);
    }
  }

  read(): ProviderError {
    const error = this.#nested("error");
    const found: ProviderError =
      (error?.message === undefined ? undefined : error) ??
      this.#first(MESSAGES, (name) => this.#text(name) ?? this.#nested(name)) ??
      this.#text("error") ??
      this.#first(WRAPPERS, (name) => this.#nested(name)) ??
      this.#first(WEAK_MESSAGES, (name) => this.#text(name)) ??
      {};
    const type = found.type ?? error?.type ?? this.#first(TYPES, (name) => this.#word(name, EMPTY_TYPES));
    const inner = found.code ?? error?.code;
    // `context_length_exceeded` says more than 400, wherever it is.
    const own = typeof inner === "string" ? undefined : this.#code();
    const code = typeof own === "string" ? own : (inner ?? own);
    const param = found.param ?? error?.param ?? this.#word("param");
    const rest = boundedMembers({ ...this.#left(), ...error?.rest, ...found.rest });
    return withoutAbsent({ message: found.message, type, code, param, rest });
  }

  #value(name: string): unknown {
    const spelt = this.#names.get(name);
    return spelt === undefined ? undefined : this.#object[spelt];
  }

  #first<Value>(names: readonly string[], read: (name: string) => Value | undefined): Value | undefined {
    for (const name of names) {
      const value = read(name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** What an object or a list says, or a text that is one; `error` may have a code and no message. */
  #nested(name: string): ProviderError | undefined {
    const value = this.#value(name);
    const isText = typeof value === "string" && JSON_TEXT.test(value);
    if (!isText && (typeof value !== "object" || value === null)) return undefined;
    const error = readValue(value, this.#redact, this.#level + 1);
    if (error.message === undefined && name !== "error") return undefined;
    this.#used.add(name);
    return error;
  }

  #text(name: string): ProviderError | undefined {
    const value = this.#value(name);
    if (typeof value !== "string" || value.trim() === "") return undefined;
    this.#used.add(name);
    return readString(value, this.#redact, this.#level + 1);
  }

  #word(name: string, empty?: ReadonlySet<string>): string | undefined {
    const value = this.#value(name);
    if (typeof value !== "string" || value === "") return undefined;
    this.#used.add(name);
    return empty?.has(value.toLowerCase()) ? undefined : value.slice(0, MAX_WORD_CHARACTERS);
  }

  #code(): string | number | undefined {
    const names = this.#used.has("statusmsg") ? [...CODES, "statuscode"] : CODES;
    const code = this.#first(names, (name) => this.#number(name) ?? this.#word(name));
    if (code !== undefined || this.#used.has("error")) return code;
    // OAuth, and frameworks that say the message elsewhere. https://www.rfc-editor.org/rfc/rfc6749#section-5.2
    const error = this.#value("error");
    return typeof error === "string" && IDENTIFIER.test(error) ? this.#word("error") : undefined;
  }

  #number(name: string): number | undefined {
    const value = this.#value(name);
    if (typeof value !== "number") return undefined;
    this.#used.add(name);
    return value;
  }

  #left(): JsonObject {
    const left: Record<string, unknown> = {};
    for (const [plain, name] of this.#names) {
      const value = this.#object[name];
      if (!this.#used.has(plain) && !isNoise(plain, value)) left[name] = value;
    }
    return left;
  }
}

function withoutAbsent(members: {
  readonly [Name in keyof ProviderError]-?: ProviderError[Name] | undefined;
}): ProviderError {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
