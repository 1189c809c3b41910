import { asBuffer, toJson } from "../../core/json/bytes.ts";
import { Failure } from "../../core/errors.ts";
import { type Edit, type EditedBytes, editMembers, applyEdits, withEdits } from "../../core/json/edit.ts";
import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { findMember, type Member } from "../../core/json/find.ts";
import { watchMembers } from "../../core/json/limits.ts";
import { foundMember, type MemberWatch } from "../../core/json/member-watch.ts";
import { ENVELOPE_SIGN, removeSeals } from "../../formats/form/remove-seals.ts";
import type { Format } from "../../formats/format.ts";
import type { BodyVariant } from "../../providers/model-family.ts";
import type { Target } from "../../routing/target.ts";
import { variantFor } from "./body-variant.ts";
import { DECISIVE_NAMES, type DecisiveName, lackingMembers, memberOf, type ReceivedBody } from "./received-body.ts";

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

/**
 * Refuses a member that is given twice: the provider might take another one of them than the gateway.
 * @throws Failure `invalid_request`
 */
export function refuseRepeated(name: string): never {
  throw new Failure("invalid_request", { message: `${name} must not be given more than once`, param: name });
}

/**
 * Whether the gateway asks for the usage of a stream for which the client did not: the event that has it must not reach
 * the client.
 * @param wantsUsage the gateway wants it of every stream
 */
export function injectsUsage(body: ReceivedBody, target: Target, format: BodyFormat, wantsUsage: boolean): boolean {
  return format.hasStreamOptions && wantsUsage && !target.provider.refusesStreamOptions && lacksUsage(body);
}

type BodyFormat = Pick<Format, "api" | "hasStreamOptions" | "images" | "inPath" | "seals">;

/**
 * What is sent to the provider: the client's bytes, with `model` and `stream_options` replaced if necessary, and without
 * the seals of providers that this conversation was translated for before. It is still to be written, as it is sent.
 * @param usageInjected see {@link injectsUsage}
 */
export function prepareBody(
  body: ReceivedBody,
  target: Target,
  { api, hasStreamOptions, images, inPath, seals }: BodyFormat,
  usageInjected: boolean,
): Uint8Array | EditedBytes {
  const edits: Edit[] = [];
  const model = requireSingleMember(body, "model");
  const mayDiffer = target.params !== undefined || target.provider.families !== undefined;
  const variant = mayDiffer ? variantFor(target, api) : undefined;
  if (variant) edits.push(...editVariant(body, variant, inPath ? undefined : model));
  // Some clients name it there too; what the path says counts.
  if (model && inPath) edits.push({ kind: "remove", member: model });
  else if (model && !variant?.isWithoutModel) rename(edits, model, memberOf(body, "model"), target.model);
  if (inPath?.requests) edits.push(...editRequests(body, inPath.requests, target.model));
  const refused = target.provider.refusesStreamOptions;
  if (hasStreamOptions && (usageInjected || refused)) {
    const member = requireSingleMember(body, "stream_options");
    if (refused && member) edits.push({ kind: "remove", member });
    if (usageInjected) {
      const json = toJson({ ...asObject(memberOf(body, "stream_options")), include_usage: true });
      edits.push(member ? { kind: "replace", member, json } : { kind: "insert", name: "stream_options", json });
    }
  }
  if (images && holdsSeals(body, seals)) {
    edits.push(...editSeals(body, images.member, seals?.remove ?? removeSeals));
  }
  const edited = withEdits(body.bytes, edits);
  return variant?.replaced ? setMembers(applyEdits(edited), variant.added, variant.replaced) : edited;
}

/** What is in front of the provider's own name is cut out, rather than that name written again, which takes 0.5 µs. */
function rename(edits: Edit[], member: Member, asked: unknown, name: string): void {
  if (asked === name) return;
  const start = member.valueStart + 1;
  // As many bytes as characters: none of them is escaped.
  const isPlain = typeof asked === "string" && member.valueEnd - 1 - start === asked.length;
  if (isPlain && asked.endsWith(name)) edits.push({ kind: "cut", start, end: start + asked.length - name.length });
  else edits.push({ kind: "replace", member, json: toJson(name) });
}

/**
 * Whether {@link prepareBody} looks into what is long in a body, which is to be parsed for that if it is long itself.
 */
export function readsLongMembers(body: ReceivedBody, { images, inPath, seals }: BodyFormat): boolean {
  return inPath?.requests !== undefined || (images !== undefined && holdsSeals(body, seals));
}

const holdsSeals = ({ bytes }: ReceivedBody, seals: Format["seals"]): boolean =>
  asBuffer(bytes).includes(seals?.sign ?? ENVELOPE_SIGN);

/** Behind all other edits, which may have put in the same member. */
function setMembers(body: Uint8Array, added: JsonObject, replaced: JsonObject): Uint8Array {
  const isLacking = (name: string): boolean => findMember(body, name) === "absent";
  for (const name of Object.keys(replaced)) if (findMember(body, name) === "repeated") refuseRepeated(name);
  const lacking = Object.entries(added).filter(([name]) => isLacking(name));
  return editMembers(body, { ...Object.fromEntries(lacking), ...replaced });
}

function editVariant(
  body: ReceivedBody,
  { isWithoutModel, added, replaced }: BodyVariant,
  model: Member | undefined,
): Edit[] {
  const inserted = replaced ? [] : lackingMembers(body, Object.keys(added));
  return [
    ...(isWithoutModel && model ? [{ kind: "remove", member: model } as const] : []),
    ...inserted.map((name) => ({ kind: "insert", name, json: toJson(added[name]) }) as const),
  ];
}

/** The model in the provider's naming, within requests that a request holds. */
function editRequests({ bytes, value }: ReceivedBody, names: readonly string[], model: string): Edit[] {
  return names.flatMap((name): Edit[] => {
    const request = value[name];
    if (!isJsonObject(request) || request["model"] === undefined) return [];
    const member = findMember(bytes, name);
    if (member === "repeated") refuseRepeated(name);
    return member === "absent"
      ? []
      : [{ kind: "replace", member, json: toJson({ ...request, model: `models/${model}` }) }];
  });
}

function editSeals(
  body: ReceivedBody,
  name: NonNullable<Format["images"]>["member"],
  remove: NonNullable<Format["seals"]>["remove"],
): Edit[] {
  const turns = memberOf(body, name);
  const kept = Array.isArray(turns) ? remove(turns) : undefined;
  const member = kept && requireSingleMember(body, name);
  return member ? [{ kind: "replace", member, json: toJson(kept) }] : [];
}

/** Options that are no object, or whose `include_usage` is no boolean, are for the provider to judge, and stay as they are. */
function lacksUsage(body: ReceivedBody): boolean {
  if (memberOf(body, "stream") !== true) return false;
  const options = memberOf(body, "stream_options");
  const wanted = isJsonObject(options) ? options["include_usage"] : options;
  return wanted === undefined || wanted === null || (wanted === false && options !== false);
}

function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
