import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { textOf } from "../../core/json/values.ts";
import type { Block, TextBlock } from "../form/blocks.ts";
import type { ForeignMember, Turn } from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { camelMembers } from "./camel-members.ts";
import { type ReadingContents, readModelPart, readUserPart } from "./read-client-parts.ts";
import { CallIds } from "./read-results.ts";

type Role = "user" | "model" | "system";

/** A content with the path at which it is. */
interface Content {
  readonly role: Role;
  readonly parts: readonly JsonObject[];
  readonly path: string;
}

/** Results have had a role of their own. */
const ROLES: ReadonlyMap<string, Role> = new Map(
  Object.entries<Role>({
    user: "user",
    function: "user",
    tool: "user",
    model: "model",
    assistant: "model",
    system: "system",
  }),
);

/**
 * Reads `systemInstruction` and `contents`, oldest first.
 * @throws CannotTranslate for members of a wrong type
 */
export function readTurns(body: JsonObject, foreign: ForeignMember[]): readonly Turn[] {
  const reading: ReadingContents = { foreign, calls: new CallIds() };
  const contents = listOfContents(body["contents"]);
  const turns: Turn[] = [{ role: "system", blocks: readInstruction(body["systemInstruction"], foreign) }];
  let at = 0;
  while (at < contents.length) {
    const { role } = contents[at] as Content;
    let end = at + 1;
    while (contents[end]?.role === role) end += 1;
    for (const turn of readGroup(role, contents.slice(at, end), reading)) turns.push(turn);
    at = end;
  }
  return turns.filter(({ blocks }) => blocks.length > 0);
}

/** Clients send one content, or a text, where the API has a list. Those without parts say nothing. */
function listOfContents(contents: unknown): readonly Content[] {
  if (contents === undefined || contents === null) throw new CannotTranslate("contents", "it is required");
  const list: readonly unknown[] = Array.isArray(contents) ? contents : [contents];
  const read: Content[] = [];
  for (const [at, content] of list.entries()) {
    const { role, parts, path } = readContent(content, `contents[${at}]`, "user");
    if (parts.length > 0) read.push({ role, parts, path });
  }
  return read;
}

function readContent(content: unknown, path: string, usual: Role): Content {
  if (typeof content === "string") return { role: usual, parts: [{ text: content }], path };
  if (!isJsonObject(content)) throw new CannotTranslate(path, "it must be an object");
  const given = content["role"];
  const role =
    given === undefined || given === null || given === "" ? usual : ROLES.get(textOf(given)?.toLowerCase() ?? "");
  if (role === undefined) throw new CannotTranslate(`${path}.role`, "it must be user or model");
  return { role, parts: listOfParts(content["parts"], `${path}.parts`), path: `${path}.parts` };
}

function listOfParts(parts: unknown, path: string): readonly JsonObject[] {
  if (parts === undefined || parts === null) return [];
  const list: readonly unknown[] = Array.isArray(parts) ? parts : [parts];
  return list.map((part, at) => {
    if (typeof part === "string") return { text: part };
    if (!isJsonObject(part)) throw new CannotTranslate(`${path}[${at}]`, "it must be an object");
    return camelMembers(part);
  });
}

function readInstruction(instruction: unknown, foreign: ForeignMember[]): readonly TextBlock[] {
  if (instruction === undefined || instruction === null) return [];
  return readTexts(readContent(instruction, "systemInstruction", "system"), foreign);
}

function readTexts({ parts, path }: Content, foreign: ForeignMember[]): readonly TextBlock[] {
  return parts.flatMap((part, at): readonly TextBlock[] => {
    const text = textOf(part["text"]);
    if (text === undefined) foreign.push({ path: `${path}[${at}]`, isEssential: true });
    return text === undefined || text === "" ? [] : [{ type: "text", text }];
  });
}

/** Reads contents of one role that follow each other: clients keep each piece of a stream as a content of its own. */
function readGroup(role: Role, contents: readonly Content[], reading: ReadingContents): readonly Turn[] {
  switch (role) {
    case "system":
      return contents.map((content) => ({ role, blocks: readTexts(content, reading.foreign) }));
    case "model":
      return [{ role: "assistant", blocks: joinPieces(contents.flatMap((content) => readModel(content, reading))) }];
    case "user": {
      const read = contents.map(({ parts, path }) =>
        parts.flatMap((part, at) => readUserPart(part, `${path}[${at}]`, reading)),
      );
      const results = read.flat().filter(({ type }) => type === "result");
      const others = read.map((blocks): Turn => ({ role, blocks: blocks.filter(({ type }) => type !== "result") }));
      return [{ role: "tool", blocks: results }, ...others];
    }
  }
}

const readModel = ({ parts, path }: Content, reading: ReadingContents): readonly Block[] =>
  parts.flatMap((part, at) => readModelPart(part, `${path}[${at}]`, reading));

/** Texts of the model that follow each other are one, and so are thoughts up to the one with the signature. */
function joinPieces(blocks: readonly Block[]): readonly Block[] {
  const joined: Block[] = [];
  let pieces: string[] = [];
  for (const [at, block] of blocks.entries()) {
    if (block.type !== "text" && block.type !== "thinking") {
      joined.push(block);
      continue;
    }
    pieces.push(block.text);
    const next = blocks[at + 1];
    const goesOn = next?.type === block.type && !block.seal;
    if (goesOn) continue;
    joined.push({ ...block, text: pieces.length === 1 ? block.text : pieces.join("") });
    pieces = [];
  }
  return joined;
}
