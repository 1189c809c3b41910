import { asBuffer, toJson } from "../core/json/bytes.ts";
import { Failure } from "../core/errors.ts";
import { type Edit, editObject } from "../core/json/edit.ts";
import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import type { Member } from "../core/json/find.ts";
import { watchMembers } from "../core/json/limits.ts";
import { foundMember, type MemberWatch, watchedNames } from "../core/json/member-watch.ts";
import { ENVELOPE_SIGN, removeSeals } from "../formats/form/remove-seals.ts";
import type { Format } from "../formats/format.ts";
import { CONTENT_ROOTS } from "../formats/visual-content.ts";
import type { Target } from "../routing/resolve-target.ts";

/** A request body as the client sent it: the parsed value is for reading, the bytes are what is forwarded. */
export interface ReceivedBody {
  readonly bytes: Uint8Array;
  readonly value: JsonObject;
  /** What a scan of the bytes for {@link DECISIVE_NAMES} has found; without it, each search scans them. */
  readonly members?: MemberWatch | undefined;
}

const ROUTING_NAMES = ["model", "stream_options", "tools", "tool_choice"] as const;

type DecisiveName = (typeof ROUTING_NAMES)[number] | (typeof CONTENT_ROOTS)[number];

/** The members that decisions of the gateway depend on. */
export const DECISIVE_NAMES = watchedNames([...ROUTING_NAMES, ...CONTENT_ROOTS]);

/**
 * Finds a member that a decision of the gateway depends on. One that occurs twice, in any spelling, is refused: the
 * provider might read the other one than the gateway did. https://pkg.go.dev/encoding/json#Unmarshal
 */
export function requireSingleMember(body: ReceivedBody, name: DecisiveName): Member | undefined {
  const found = foundMember(watchDecisive(body), name);
  if (found && found.count > 1) refuseRepeated(name);
  return found?.member;
}

/** What a scan for {@link DECISIVE_NAMES} finds in a body. */
export function watchDecisive({ bytes, members }: ReceivedBody): MemberWatch {
  return members ?? watchMembers(asBuffer(bytes), DECISIVE_NAMES);
}

export function refuseRepeated(name: string): never {
  throw new Failure("invalid_request", { message: `${name} must not be given more than once`, param: name });
}

/**
 * Whether the gateway asks for the usage of a stream for which the client did not: the event that has it must not reach
 * the client.
 * @param wantsUsage the gateway wants it of every stream
 */
export function injectsUsage(body: ReceivedBody, target: Target, format: BodyFormat, wantsUsage: boolean): boolean {
  return format.hasStreamOptions && wantsUsage && !target.provider.refusesStreamOptions && lacksUsage(body.value);
}

type BodyFormat = Pick<Format, "hasStreamOptions" | "images">;

/**
 * What is sent to the provider: the client's bytes, with `model` and `stream_options` replaced if necessary, and without
 * the seals of providers that this conversation was translated for before.
 * @param usageInjected see {@link injectsUsage}
 */
export function prepareBody(
  body: ReceivedBody,
  target: Target,
  { hasStreamOptions, images }: BodyFormat,
  usageInjected: boolean,
): Uint8Array {
  const edits: Edit[] = [];
  const model = requireSingleMember(body, "model");
  if (model && body.value["model"] !== target.model)
    edits.push({ kind: "replace", member: model, json: toJson(target.model) });
  const refused = target.provider.refusesStreamOptions;
  if (hasStreamOptions && (usageInjected || refused)) {
    const member = requireSingleMember(body, "stream_options");
    if (refused && member) edits.push({ kind: "remove", member });
    if (usageInjected) {
      const json = toJson({ ...asObject(body.value["stream_options"]), include_usage: true });
      edits.push(member ? { kind: "replace", member, json } : { kind: "insert", name: "stream_options", json });
    }
  }
  if (images && asBuffer(body.bytes).includes(ENVELOPE_SIGN)) edits.push(...editSeals(body, images.member));
  return editObject(body.bytes, edits);
}

function editSeals(body: ReceivedBody, name: "messages" | "input"): Edit[] {
  const turns = body.value[name];
  const kept = Array.isArray(turns) ? removeSeals(turns) : undefined;
  const member = kept && requireSingleMember(body, name);
  return member ? [{ kind: "replace", member, json: toJson(kept) }] : [];
}

/** Options that are no object, or whose `include_usage` is no boolean, are for the provider to judge, and stay as they are. */
function lacksUsage({ stream, stream_options: options }: JsonObject): boolean {
  if (stream !== true) return false;
  const wanted = isJsonObject(options) ? options["include_usage"] : options;
  return wanted === undefined || wanted === null || (wanted === false && options !== false);
}

function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
