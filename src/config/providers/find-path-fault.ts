import { expandPath } from "../../providers/path-template.ts";
import { parseQuery } from "./parse-provider-headers.ts";

/** A path that cannot lead elsewhere. */
const PATH = /^\/(?!\/)[A-Za-z0-9_.~!$&'()*+;=:@/-]+$/;

const PLACEHOLDER = /\{([^{}]*)\}/g;

/**
 * What is wrong with the path of an API, in which `{model}` is the model, and of `{one|other}` the first is for whole
 * answers and the other for streams, which may end with a query.
 * @param namesModel whether the model is known when the API is asked
 * @returns words to follow the name of the API; undefined if it is good
 */
export function findPathFault(path: string, namesModel: boolean): string | undefined {
  const placeholders = [...path.matchAll(PLACEHOLDER)].map(([, inner = ""]) => inner);
  if (/[{}]/.test(path.replace(PLACEHOLDER, ""))) return "has a brace that is not closed, or not opened";
  const alternatives = placeholders.filter((inner) => inner.includes("|"));
  const models = placeholders.filter((inner) => inner === "model");
  if (alternatives.length + models.length < placeholders.length) {
    return "has a placeholder other than {model} and {whole|stream}";
  }
  if (models.length > 1) return "has {model} twice";
  if (models.length > 0 && !namesModel) return "is one list, and has no {model}";
  if (alternatives.length > 1) return "has alternatives twice";
  if (alternatives.some((inner) => inner.split("|").length > 2)) return "has more than two alternatives";
  const mayHaveQuery = alternatives.length > 0 && path.endsWith("}") && !path.endsWith("{model}");
  const { whole, stream } = expandPath(path.replace("{model}", "model"));
  return [whole, stream].every((each) => isPath(each, mayHaveQuery)) ? undefined : "is none";
}

function isPath(text: string, mayHaveQuery: boolean): boolean {
  const queryStart = text.indexOf("?");
  const path = queryStart < 0 ? text : text.slice(0, queryStart);
  if (!PATH.test(path) || path.split("/").some((segment) => /^\.{1,2}$/.test(segment))) return false;
  return queryStart < 0 || (mayHaveQuery && parseQuery(text.slice(queryStart)) !== undefined);
}
