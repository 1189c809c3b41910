import type { JsonObject } from "../../core/json/parse.ts";
import type { Block, CacheMark, TextBlock } from "./blocks.ts";

/**
 * One request in the form between all API formats: a superset of what they can say. Each format reads its own requests
 * into it and writes its own requests from it, and knows no other. What a request did not say is undefined.
 */
export interface Conversation {
  /** As the client named it. */
  readonly model: string;
  readonly stream: boolean;
  /** Oldest first. Leading turns of `system` and `developer` are the instructions; later ones stay in their place. */
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice | undefined;
  /** Whether the model may call several tools at once. */
  readonly parallelCalls: boolean | undefined;
  readonly limits: Limits;
  readonly sampling: Sampling;
  readonly reasoning: Reasoning | undefined;
  /** Undefined: plain text. */
  readonly output: OutputFormat | undefined;
  readonly bookkeeping: Bookkeeping;
  /** The client wants token usage with its stream. Formats that always send it say true. */
  readonly wantsUsage: boolean;
  /**
   * Members that the reader did not understand or that only its own format has, as paths such as `service_tier` or
   * `tools[2].type`: they cannot cross to another format, and `Note`s are made of them.
   */
  readonly foreign: readonly ForeignMember[];
}

/** Something of a request that has no place in the form. */
export interface ForeignMember {
  /** `tools[2].type`, `previous_response_id`. */
  readonly path: string;
  /** Leaving it out would change what the answer means: the request is refused rather than sent without it. */
  readonly isEssential: boolean;
  /** Why it cannot be sent, in a few words that go on from "`path` cannot be sent to PROVIDER: "; if more is known than that it has no place. */
  readonly reason?: string | undefined;
}

/** What is said in the system's name. */
export interface InstructionTurn {
  readonly role: "system" | "developer";
  readonly blocks: readonly TextBlock[];
}

/** What one party says, in order. Neighbours of one role are allowed; writers merge them if their wire wants that. */
export type Turn =
  | InstructionTurn
  | { readonly role: "user"; readonly blocks: readonly Block[] }
  | { readonly role: "assistant"; readonly blocks: readonly Block[] }
  /** Results of calls of the assistant turn before, only blocks of type `result`, in the client's order. */
  | { readonly role: "tool"; readonly blocks: readonly Block[] };

export type Tool =
  | {
      readonly kind: "function";
      readonly name: string;
      readonly description: string | undefined;
      /** JSON Schema of the arguments; undefined if it takes none. */
      readonly parameters: JsonObject | undefined;
      /** Whether arguments must match the schema exactly; undefined leaves it to the wire's default. */
      readonly strict: boolean | undefined;
      readonly cache: CacheMark | undefined;
      readonly native?: NativeTool | undefined;
    }
  /** Takes free text, such as Codex's `apply_patch`. `format` is the wire's own description of it (a grammar). */
  | {
      readonly kind: "custom";
      readonly name: string;
      readonly description: string | undefined;
      readonly format: JsonObject | undefined;
      readonly native?: NativeTool | undefined;
    };

/**
 * What a tool is in the client's own format if it is more than a plain function there. Only that format looks at it; to
 * others the tool is the function that it is described as.
 */
export type NativeTool =
  /** Of a named group; the tool's name in the form begins with that of the group, `<namespace>__<its own name>`. */
  | { readonly kind: "namespace"; readonly name: string; readonly description: string | undefined }
  | { readonly kind: "local_shell" };

export type ToolChoice =
  | { readonly kind: "auto" | "none" | "required" }
  | { readonly kind: "named"; readonly name: string }
  | { readonly kind: "allowed"; readonly mode: "auto" | "required"; readonly names: readonly string[] };

export interface Limits {
  /** Tokens. */
  readonly maxOutputTokens: number | undefined;
  readonly stop: readonly string[];
  /** How many answers; undefined is one. */
  readonly answers: number | undefined;
}

export interface Sampling {
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly topK: number | undefined;
  readonly seed: number | undefined;
  readonly frequencyPenalty: number | undefined;
  readonly presencePenalty: number | undefined;
  readonly logitBias: JsonObject | undefined;
  /** Number of alternatives per token; 0 is only the chosen ones; undefined is none at all. */
  readonly logprobs: number | undefined;
}

export type Effort = "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";

/** How much the model is to think, as far as the client said; at least one member is set. */
export interface Reasoning {
  readonly effort: Effort | undefined;
  /** Tokens. */
  readonly budget: number | undefined;
  /** The model decides how much. */
  readonly isAdaptive: boolean;
  /** Whether the client wants to see the thoughts (or their summary); undefined if it did not say. */
  readonly isShown: boolean | undefined;
}

export type OutputFormat =
  | { readonly kind: "json" }
  | {
      readonly kind: "schema";
      readonly name: string | undefined;
      readonly description: string | undefined;
      readonly schema: JsonObject;
      readonly strict: boolean | undefined;
    };

/** What the answer does not depend on. */
export interface Bookkeeping {
  /** The end user, as the client calls them. */
  readonly user: string | undefined;
  readonly metadata: JsonObject | undefined;
  readonly serviceTier: string | undefined;
  readonly verbosity: string | undefined;
  readonly promptCacheKey: string | undefined;
  /** Whether the provider is asked to keep the answer. */
  readonly store: boolean | undefined;
}
