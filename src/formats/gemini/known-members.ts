import type { JsonObject } from "../../core/json/parse.ts";
import { always, type ChooseKnown, known, type KnownMembers, unknownMembers } from "../form/known-members.ts";

/** The API takes each name in two spellings. */
const spellings = (name: string): readonly string[] => [
  name,
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
];

const bothWays = (names: readonly string[], within: Readonly<Record<string, KnownMembers>> = {}): KnownMembers =>
  known(
    names.flatMap(spellings),
    Object.fromEntries(
      Object.entries(within).flatMap(([name, members]) => spellings(name).map((each) => [each, always(members)])),
    ),
  );

const PART = bothWays(
  // What a function returned is looked at where it is read, and so is what is said of a video.
  ["text", "thought", "thoughtSignature", "functionResponse", "videoMetadata", "mediaResolution"],
  {
    functionCall: bothWays(["id", "name", "args"]),
    inlineData: bothWays(["mimeType", "data", "displayName"]),
    fileData: bothWays(["mimeType", "fileUri", "displayName"]),
  },
);

const KINDS = ["text", "functionCall", "functionResponse", "inlineData", "fileData"].flatMap(spellings);

/** Parts of other kinds are told as a whole. */
const partOf: ChooseKnown = (part) => (KINDS.some((name) => part[name] !== undefined) ? PART : undefined);

const CONTENT = known(["role"], { parts: partOf });

/** Members of contents and of their parts that nobody reads. */
export const unreadOfTurns = (body: JsonObject): readonly string[] => [
  ...unknownMembers(body["systemInstruction"], "systemInstruction", always(CONTENT)),
  ...unknownMembers(body["contents"], "contents", always(CONTENT)),
];
