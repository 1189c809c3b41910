import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { addUsage } from "./usage.ts";

/** What a client has seen of its stream, over all steps, so that these look like one completion. */
export interface ClientStream {
  /** Show the client the calls that the gateway answers. */
  readonly showsOurs: boolean;
  /** The client asked for a chunk with the usage. */
  readonly wantsUsage: boolean;
  /** The index of the next call among all that the client has seen. */
  nextCallIndex(): number;
  /** Notes that a chunk has a role; returns whether it is the first that has one. */
  isRoleNew(): boolean;
  readonly isFirstStep: () => boolean;
  /** The members of a chunk to replace, so that the client does not see a second completion begin. */
  adjustments(chunk: JsonObject): Readonly<Record<string, unknown>>;
}

export interface ClientStreamOptions extends Pick<ClientStream, "showsOurs" | "wantsUsage" | "isFirstStep"> {
  /** What the steps before the current one used; undefined in the first. */
  readonly usedBefore: () => JsonObject | undefined;
}

/** What distinguishes one completion from another. */
const IDENTITY = ["id", "created", "model"] as const;

export function openClientStream({
  showsOurs,
  wantsUsage,
  usedBefore,
  isFirstStep,
}: ClientStreamOptions): ClientStream {
  let identity: JsonObject | undefined;
  let callIndex = 0;
  let isRoleTold = false;
  return {
    showsOurs,
    wantsUsage,
    nextCallIndex: () => callIndex++,
    isRoleNew() {
      const isNew = !isRoleTold;
      isRoleTold = true;
      return isNew;
    },
    isFirstStep,
    adjustments(chunk) {
      const { choices, usage } = chunk;
      // Chunks without choices, such as a report of content filters, may come before there is an id.
      if (!identity && Array.isArray(choices) && choices.length > 0) identity = chunk;
      if (isFirstStep()) return {};
      const adjusted: Record<string, unknown> = {};
      for (const name of IDENTITY) {
        const first = identity?.[name];
        if (first !== undefined && chunk[name] !== undefined && chunk[name] !== first) adjusted[name] = first;
      }
      const before = usedBefore();
      if (before && isJsonObject(usage)) adjusted["usage"] = addUsage(before, usage);
      return adjusted;
    },
  };
}
