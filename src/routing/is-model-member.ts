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
