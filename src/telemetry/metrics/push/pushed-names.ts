import { OTHER, OWN_SOURCE } from "../series.ts";
import { attributeOf } from "../otel-names.ts";

/**
 * So many values each label may have that come from those who push: they make them up. Names of models of the gateway's
 * own series are not among them.
 */
const ROOM: Readonly<Record<string, number>> = {
  source: 50,
  team: 100,
  gen_ai_operation_name: 20,
  gen_ai_provider_name: 50,
  gen_ai_request_model: 250,
  gen_ai_response_model: 250,
  gen_ai_token_type: 20,
  gen_ai_tool_name: 250,
  gen_ai_tool_type: 20,
  error_type: 100,
  phase: 20,
  action: 20,
};

/** A longer value is counted as `other`. */
const MAX_CHARACTERS = 256;

/** Who does not say which team it is of. */
const UNKNOWN = "unknown";

/** Other names of attributes, for those that do not say one by its own. */
const ALIASES: Readonly<Record<string, string>> = {
  gen_ai_provider_name: "gen_ai.system",
  phase: "guardrail.phase",
  action: "guardrail.action",
};

/** The labels of points that are pushed. */
export interface PushedNames {
  /**
   * @param attributes of a point
   * @param serviceName what the resource of the point calls itself
   * @param team of who pushes, if the issuer says it
   */
  labelOf(
    label: string,
    attributes: ReadonlyMap<string, string>,
    serviceName: string,
    team: string | undefined,
  ): string | undefined;
}

export function createPushedNames(): PushedNames {
  const known = new Map(Object.keys(ROOM).map((label) => [label, new Set<string>()] as const));

  const bounded = (label: string, value: string): string => {
    const values = known.get(label);
    if (!values || value.length > MAX_CHARACTERS) return OTHER;
    if (values.has(value)) return value;
    if (values.size >= (ROOM[label] ?? 0)) return OTHER;
    values.add(value);
    return value;
  };

  return {
    labelOf(label, attributes, serviceName, team) {
      const attribute = attributes.get(attributeOf(label)) || attributes.get(ALIASES[label] ?? "") || undefined;
      if (label === "source") {
        // What the gateway itself has seen is told apart from what others say.
        const source = [attribute, serviceName].find(
          (name) => name !== undefined && name !== "" && name !== OWN_SOURCE,
        );
        return bounded(label, source ?? UNKNOWN);
      }
      if (label === "team") return bounded(label, attribute ?? (team || UNKNOWN));
      return attribute === undefined ? undefined : bounded(label, attribute);
    },
  };
}
