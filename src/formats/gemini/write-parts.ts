import { isJsonObject } from "../../core/json/parse.ts";
import type { Block, CallBlock, Seal, TextBlock, ThinkingBlock } from "../form/blocks.ts";
import { parseArguments } from "../form/parse-arguments.ts";
import { isOwnSeal, LOST_SIGNATURE } from "./signatures.ts";
import { toWireName } from "./tool-names.ts";
import { writeMedia } from "./write-media.ts";
import type { WireObject, Writing } from "./writing.ts";

/** The parts of what a user says; results are written apart. */
export function writeUserParts(blocks: readonly Block[], writing: Writing): readonly WireObject[] {
  return blocks.flatMap((block): readonly WireObject[] => {
    switch (block.type) {
      case "text":
        return block.text === "" ? [] : [{ text: block.text }];
      case "image":
      case "document":
      case "audio":
      case "video":
        return [writeMedia(block, writing)];
      case "opaque":
        return writeOpaque(block.format, block.name, block.value, writing);
      default:
        writing.note("dropped", `messages[].${block.type}`);
        return [];
    }
  });
}

/** What the model has said, as far as it is written. */
interface SaidParts {
  readonly parts: WireObject[];
  /** Those of `parts` that are texts without a signature. */
  readonly unsigned: WireObject[];
  /** Signatures that came without what they belong to. */
  readonly alone: Seal[];
}

/** The parts of what the model has said, with the signatures that it must get back. */
export function writeModelParts(blocks: readonly Block[], writing: Writing): readonly WireObject[] {
  const written: SaidParts = { parts: [], unsigned: [], alone: [] };
  const { parts, alone } = written;
  for (const [at, block] of blocks.entries()) {
    if (block.type === "call") {
      parts.push(writeCall(block, ownSeal(block.seal, writing) ?? alone.pop()));
    } else if (block.type === "thinking") {
      const own = ownSeal(block.seal, writing);
      if (own) writeThought(block, own, blocks[at + 1], written);
    } else if (block.type === "text") {
      writeText(block, ownSeal(block.seal, writing), written);
    } else {
      parts.push(...writeUserParts([block], writing));
    }
    if (block.type !== "thinking") placeAlone(written);
  }
  placeAlone(written);
  restoreLost(parts, writing);
  return parts;
}

/** A thought that nobody has signed is not needed by the model that thought it, and is noise to any other. */
function ownSeal(seal: Seal | undefined, writing: Writing): Seal | undefined {
  if (!seal || isOwnSeal(seal, writing.target)) return seal;
  writing.note("dropped", "messages[].thinking");
  return undefined;
}

function writeText({ text }: TextBlock, seal: Seal | undefined, { parts, unsigned }: SaidParts): void {
  if (text === "") return;
  const part = signed({ text }, seal);
  parts.push(part);
  if (!seal) unsigned.push(part);
}

function writeThought({ text }: ThinkingBlock, seal: Seal, next: Block | undefined, written: SaidParts): void {
  if (text !== "") {
    written.parts.push(signed({ text, thought: true }, seal));
  } else {
    written.alone.push(seal);
    // In APIs whose calls cannot carry one, the signature of a call comes before it.
    if (next?.type !== "call" || next.seal) placeAlone(written);
  }
}

/** A signature goes to the text before it, as in whole answers, or into a part of its own, as in streams. */
function placeAlone({ parts, unsigned, alone }: SaidParts): void {
  for (const { value } of alone.splice(0)) {
    const text = unsigned.pop();
    if (text) text["thoughtSignature"] = value;
    else parts.push({ text: "", thoughtSignature: value });
  }
}

const signed = (part: WireObject, seal: Seal | undefined): WireObject =>
  seal ? { ...part, thoughtSignature: seal.value } : part;

function writeCall({ id, name, input, kind }: CallBlock, seal: Seal | undefined): WireObject {
  const args = kind === "custom" ? { input } : parseArguments(input);
  return signed({ functionCall: { ...(id !== "" && { id }), name: toWireName(name), args } }, seal);
}

/** The first call of a step is the one that is signed. */
function restoreLost(parts: readonly WireObject[], writing: Writing): void {
  const first = parts.find((part) => part["functionCall"] !== undefined);
  if (!first || first["thoughtSignature"] !== undefined || !writing.target.facts.needsSignatures) return;
  first["thoughtSignature"] = LOST_SIGNATURE;
  writing.note("adjusted", "thought_signature");
}

/** Traces of tools that the provider ran itself. */
function writeOpaque(format: string, name: string, value: unknown, writing: Writing): readonly WireObject[] {
  if (format === "generate" && isJsonObject(value)) return [{ ...value }];
  writing.note("dropped", `messages[].${name}`);
  return [];
}
