import type { SliceStep } from "./slice-plan.ts";

type Container = unknown[] | Record<string, unknown>;

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const BLANK = /^[ \t\r\n]*$/;

/** Takes the steps of a text one by one, and builds from them exactly what `JSON.parse` would have. */
export interface SliceParser {
  /** Throws if the text of the step is not JSON, or not UTF-8. */
  take(step: SliceStep): void;
  /** The outermost array or object; undefined before its first step. */
  value(): unknown;
}

export function openSliceParser(bytes: Buffer, decoder: TextDecoder): SliceParser {
  const open: Container[] = [];
  let outermost: Container | undefined;
  let pieces = "";

  /** Adds a member of its own step; `before` is what is between the last comma and it. */
  const addOne = (value: unknown, before: string): void => {
    const parent = open.at(-1);
    if (parent && !Array.isArray(parent)) {
      const [key, ...more] = Object.keys(JSON.parse(`{${before}[]}`) as object);
      if (key === undefined || more.length > 0) throw new SyntaxError("not JSON");
      setOwn(parent, key, value);
    } else {
      if (!BLANK.test(before)) throw new SyntaxError("not JSON");
      parent?.push(value);
    }
  };

  const begin = (end: number, before: string): void => {
    const container: Container = bytes[end] === OPEN_BRACE ? {} : [];
    outermost ??= container;
    addOne(container, before);
    open.push(container);
  };

  const addMembers = (container: Container | undefined, text: string): void => {
    if (Array.isArray(container)) {
      const items = JSON.parse(`[${text}]`) as unknown[];
      if (items.length === 0) throw new SyntaxError("not JSON");
      for (const item of items) container.push(item);
    } else if (container) {
      const members = JSON.parse(`{${text}}`) as Record<string, unknown>;
      let isEmpty = true;
      for (const key in members) {
        isEmpty = false;
        setOwn(container, key, members[key]);
      }
      if (isEmpty) throw new SyntaxError("not JSON");
    }
  };

  return {
    take(step) {
      const text = step.kind === "close" ? "" : decoder.decode(bytes.subarray(step.start, step.end));
      switch (step.kind) {
        case "open":
          return begin(step.end, text);
        case "members":
          return addMembers(open.at(-1), text);
        case "piece":
          pieces += JSON.parse(`"${text}"`) as string;
          return;
        case "string":
          addOne(pieces, text);
          pieces = "";
          return;
        case "close":
          if ((bytes[step.end] === CLOSE_BRACE) === Array.isArray(open.pop())) throw new SyntaxError("not JSON");
      }
    },
    value: () => outermost,
  };
}

/** Sets a member of whatever name, as `JSON.parse` does: `__proto__` too is one like any other. */
function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}
