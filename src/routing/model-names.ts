import { Failure } from "../core/errors.ts";
import type { Provider } from "../providers/provider.ts";
import { MAX_MODEL_NAME_LENGTH } from "./model-name.ts";
import type { ModelPolicy } from "./policy/model-policy.ts";

/** What the names of members, fields and parameters that hold the name of a model end in, letters and digits alone. */
const MODEL_MEMBER = /(?:model|deployment)s?(?:(?:id|name|arn|uri|url|slug|key|path)s?)?$|fallbacks?$/;

/** The shortest of them, `model`. */
const MIN_LENGTH = 5;

/**
 * Whether a member of this name holds the name of a model: `model`, `models`, `modelId`, `embedding_model`,
 * `session[model]`, `deployment`, `fallbacks`. In any letter case, since servers written in Go mind none.
 */
export function isModelMember(name: string): boolean {
  return name.length >= MIN_LENGTH && MODEL_MEMBER.test(foldMember(name));
}

/** A member's name without letter case and punctuation, so that `input_schema` and `inputSchema` are the same. */
export function foldMember(name: string): string {
  // Upper case first: ſ and the Kelvin sign are folded as Go folds them.
  return name
    .toUpperCase()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "");
}

/** A request names more models than this only to keep the gateway busy. */
const MAX_NAMES = 1000;

/** To fold a character beyond ASCII takes up to 0.3 µs, and the names of one request are folded in one turn. */
const MAX_FOREIGN_CHARACTERS = 64 * 1024;
const ASCII = /^[\0-\x7f]*$/;

/** The names of models that one request holds, wherever they are. */
export interface ModelNames {
  /** Whether there is none. */
  readonly isEmpty: boolean;
  /**
   * Adds one. Throws `invalid_request` if there are too many, or they are too long together.
   * @param decides whether the provider takes the request to be for this model, rather than to mention it.
   * @param otherReadings what else the provider may take for the name.
   */
  add(name: string, decides: boolean, otherReadings?: readonly string[]): void;
  /** The first model that the request is for, or undefined if none was found. */
  requested(): string | undefined;
  /** Why the policy refuses one of them, and which; undefined if it allows all. */
  refused(policy: ModelPolicy, provider: Provider): { readonly name: string; readonly failure: Failure } | undefined;
}

export const createModelNames = (): ModelNames => new FoundNames();

/** A class: every request under a policy makes one, and most of them hold no name or one. */
class FoundNames implements ModelNames {
  #first: string | undefined;
  #firstReadings: readonly string[] | undefined;
  /** All of them, once there are two. */
  #names: Map<string, readonly string[] | undefined> | undefined;
  #requested: string | undefined;
  #foreignCharacters = 0;

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  add(name: string, decides: boolean, otherReadings?: readonly string[]): void {
    if (decides) this.#requested ??= name;
    if (name === this.#first || this.#names?.has(name)) return;
    if (this.#names && this.#names.size >= MAX_NAMES) {
      throw new Failure("invalid_request", { message: `The request names more than ${MAX_NAMES} models` });
    }
    // What is longer is never folded.
    if (name.length <= MAX_MODEL_NAME_LENGTH && !ASCII.test(name)) this.#foreignCharacters += name.length;
    if (this.#foreignCharacters > MAX_FOREIGN_CHARACTERS) {
      throw new Failure("invalid_request", {
        message: `The names of models beyond ASCII have more than ${MAX_FOREIGN_CHARACTERS} characters together`,
      });
    }
    if (this.#first === undefined) {
      this.#first = name;
      this.#firstReadings = otherReadings;
    } else {
      this.#names ??= new Map([[this.#first, this.#firstReadings]]);
      this.#names.set(name, otherReadings);
    }
  }

  requested(): string | undefined {
    return this.#requested;
  }

  refused(policy: ModelPolicy, provider: Provider): ReturnType<ModelNames["refused"]> {
    if (this.#first === undefined) return undefined;
    if (!this.#names) return refusedOne(policy, provider, this.#first, this.#firstReadings);
    for (const [name, otherReadings] of this.#names) {
      const refused = refusedOne(policy, provider, name, otherReadings);
      if (refused) return refused;
    }
    return undefined;
  }
}

function refusedOne(
  policy: ModelPolicy,
  provider: Provider,
  name: string,
  otherReadings: readonly string[] | undefined,
): ReturnType<ModelNames["refused"]> {
  const refusal = policy.refusal(provider, name, otherReadings);
  if (!refusal) return undefined;
  const shown = name.length > MAX_MODEL_NAME_LENGTH ? "one of more characters than any has" : JSON.stringify(name);
  const message = `${refusal.message} The request names the model ${shown}.`;
  return { name, failure: new Failure(refusal.code, { message, param: "model" }) };
}
