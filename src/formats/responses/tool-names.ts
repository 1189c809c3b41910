import type { Tool } from "../form/conversation.ts";

const SEPARATOR = "__";

/** What the name in the form of a tool in a namespace begins with. Codex ends its namespaces with the separator. */
export const namespacePrefix = (namespace: string): string =>
  namespace.endsWith(SEPARATOR) ? namespace : namespace + SEPARATOR;

export interface SplitName {
  readonly name: string;
  readonly namespace: string | undefined;
}

/** The own name of a tool, and that of its namespace if it is in one. */
export function splitName({ name, native }: Tool): SplitName {
  return native?.kind === "namespace"
    ? { name: name.slice(namespacePrefix(native.name).length), namespace: native.name }
    : { name, namespace: undefined };
}
