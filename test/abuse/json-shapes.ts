import { numbered, repeated } from "./abuse-case.ts";

/** JSON that is odd in one way: members of an object, to stand before those that a request needs. */
export interface JsonShape {
  readonly name: string;
  /** @param bytes about so many bytes of members, without the braces around them */
  readonly members: (bytes: number) => Uint8Array;
  /** False for what no parser accepts, or what is deeper than any request may be. */
  readonly isAcceptable: boolean;
}

const text = (content: string): Uint8Array => Buffer.from(content);
const join = (...parts: readonly (Uint8Array | string)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? text(part) : part)));

const acceptable = (name: string, members: JsonShape["members"]): JsonShape => ({ name, members, isAcceptable: true });
const refused = (name: string, members: JsonShape["members"]): JsonShape => ({ name, members, isAcceptable: false });

/** `open` and `close` as often as they fit, with a value between. */
const nested = (name: string, open: string, close: string) => (bytes: number) => {
  const depth = Math.floor(bytes / (open.length + close.length));
  return join(`"${name}":`, repeated(open, depth * open.length), "0", repeated(close, depth * close.length));
};

const list = (item: string) => (bytes: number) => join('"x":[', repeated(`${item},`, bytes), `${item}]`);
const string = (content: string) => (bytes: number) => join('"x":"', repeated(content, bytes), '"');
const keys = (member: string) => (bytes: number) => join(repeated(`${member},`, bytes), member);

/** Every way in which JSON can be odd. What takes a large number of small values takes a small share of the bytes for it. */
export const JSON_SHAPES: readonly JsonShape[] = [
  acceptable("many equal keys", keys('"":0')),
  acceptable("many different keys", (bytes) => numbered(bytes / 40, (index) => `"key ${index}":"${"v".repeat(20)}"`)),
  acceptable("many escaped keys", keys('"\\u006b\\"":0')),
  acceptable("many objects of many keys", (bytes) =>
    join(
      '"x":[',
      numbered(bytes / 400, (index) => `{${numbered(20, (key) => `"k${index}_${key}":1`)}}`),
      "]",
    ),
  ),
  acceptable("many strings", list('"many strings of a few words"')),
  acceptable("many numbers", list("-123456789.5e10")),
  acceptable("a long string", string("lorem ipsum ")),
  acceptable("a long string of escapes", string('\\n\\"')),
  acceptable("a long string of backslashes", string("\\\\")),
  acceptable("a long string of code points in hexadecimal", string("\\u00e9\\ud83d\\ude00")),
  acceptable("a long string beyond ASCII", (bytes) => join('"x":"', text("é€😀".repeat(bytes / 9)), '"')),
  acceptable("a long key", (bytes) => join('"', repeated("k", bytes), '":0')),
  acceptable("a number of many digits", (bytes) => join('"x":0.', repeated("1", bytes))),
  acceptable("much white space", (bytes) => join(repeated(" \n\t\r", bytes), '"x":0')),
  acceptable("many deep values", (bytes) =>
    join('"x":[', repeated(`${"[".repeat(40)}0${"]".repeat(40)},`, bytes / 4), "0]"),
  ),
  refused("arrays in arrays", nested("x", "[", "]")),
  refused("objects in objects", nested("x", '{"a":', "}")),
  refused("stream options in stream options", nested("stream_options", '{"stream_options":', "}")),
  refused("arrays that nothing ends", (bytes) => join('"x":', repeated("[", bytes))),
  refused("objects that nothing ends", (bytes) => join('"x":', repeated('{"a":', bytes))),
  refused("a string that nothing ends", (bytes) => join('"x":"', repeated('\\"', bytes))),
];

/** Values without content, of which a few megabytes are more than any body may hold at its larger size. */
export const WIDE_SHAPES: readonly JsonShape[] = [
  acceptable("many empty arrays", list("[]")),
  acceptable("many empty objects", list("{}")),
  acceptable("many zeros", list("0")),
  acceptable("many empty strings", list('""')),
  acceptable("many small objects", list('{"a":0}')),
];

/** One of each kind, for ways that share the code that reads JSON with one on which every shape is tried. */
export const SOME_SHAPES: readonly JsonShape[] = [...JSON_SHAPES, ...WIDE_SHAPES].filter(({ name }) =>
  [
    ...["many equal keys", "many different keys", "many strings", "a long string of escapes"],
    ...["arrays in arrays", "a string that nothing ends", "many empty arrays"],
  ].includes(name),
);
