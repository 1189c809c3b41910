/** The parts of turns and answers, in the order in which they were said. */
export type Block = TextBlock | ThinkingBlock | CallBlock | ResultBlock | MediaBlock | OpaqueBlock;

export interface TextBlock {
  readonly type: "text";
  readonly text: string;
  /** The model declines; formats without refusals write it as text. */
  readonly isRefusal?: boolean;
  readonly annotations?: readonly Annotation[];
  /** Of a wire that signs texts as well. Clients without a place for it may leave it out: only quality depends on it. */
  readonly seal?: Seal | undefined;
  readonly cache?: CacheMark | undefined;
}

/** Where a statement comes from. */
export interface Annotation {
  readonly url: string | undefined;
  readonly title: string | undefined;
  /** UTF-16 offsets into the text of the block; undefined if unknown. */
  readonly start: number | undefined;
  readonly end: number | undefined;
}

export interface ThinkingBlock {
  readonly type: "thinking";
  /** Empty if the provider hides it. */
  readonly text: string;
  readonly seal: Seal | undefined;
}

/**
 * What a provider must get back unchanged with thoughts or calls: a signature, or encrypted thoughts. Good only for the
 * wire that made it: writers of other wires carry it in an envelope to clients, and leave it out towards providers.
 */
export interface Seal {
  /** Provider id and wire, `anthropic/messages`. */
  readonly origin: string;
  readonly kind: "signature" | "encrypted";
  readonly value: string;
  /** Id of the item in the provider's own words, if it has one. */
  readonly id?: string | undefined;
}

export interface CallBlock {
  readonly type: "call";
  readonly id: string;
  readonly name: string;
  /** The arguments as the model wrote them: JSON text for functions (empty is `{}`), any text for custom tools. */
  readonly input: string;
  readonly kind: "function" | "custom";
  /** The gateway has run it and only shows it: the client has nothing to do. */
  readonly isAnswered?: boolean;
  readonly seal?: Seal | undefined;
  readonly cache?: CacheMark | undefined;
}

export interface ResultBlock {
  readonly type: "result";
  readonly callId: string;
  readonly blocks: readonly (TextBlock | MediaBlock)[];
  readonly isError: boolean;
  /** As that of the call. */
  readonly kind: "function" | "custom";
  readonly cache?: CacheMark | undefined;
}

export interface MediaBlock {
  readonly type: "image" | "document" | "audio" | "video";
  readonly source: MediaSource;
  /** `image/png`; undefined if it is not known. */
  readonly mediaType: string | undefined;
  /** File name or title. */
  readonly name?: string | undefined;
  /** How closely an image is looked at: low, high, auto, original. */
  readonly detail?: string | undefined;
  readonly cache?: CacheMark | undefined;
}

export type MediaSource =
  | { readonly kind: "base64"; readonly data: string }
  /** Plain text of a document. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "url"; readonly url: string }
  /** In a store of one provider; means nothing to others. */
  | { readonly kind: "file"; readonly id: string };

/** Something that only one wire has, such as a trace of a tool that the provider ran itself. */
export interface OpaqueBlock {
  readonly type: "opaque";
  /** Format id, `messages`; only its own writer writes it. */
  readonly format: string;
  /** `server_tool_use`, for notes. */
  readonly name: string;
  readonly value: unknown;
}

/** A prompt cache may end behind what carries it. */
export interface CacheMark {
  readonly ttl: "5m" | "1h" | undefined;
}

export const isText = (block: Block): block is TextBlock => block.type === "text";
export const isCall = (block: Block): block is CallBlock => block.type === "call";
export const isResult = (block: Block): block is ResultBlock => block.type === "result";

/** Whether a text says nothing: several providers refuse such a block. */
export const isBlank = (text: string): boolean => !/\S/.test(text);
