import { isoDate } from "../core/iso-date.ts";

/** The levels of lines, the least severe first. */
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export type Level = (typeof LEVELS)[number];

/** Writes one line: its members, if there are any, and its message. */
export interface WriteLine {
  (members: object, message: string): void;
  (message: string): void;
}

/** What writes lines of several levels. */
export interface LeveledLog {
  /** The least severe level that is written; `silent` for none. */
  level: string;
  /** Whether lines of a level are written now. */
  readonly enabled: Readonly<Record<Level, boolean>>;
  readonly debug: WriteLine;
  readonly info: WriteLine;
  readonly warn: WriteLine;
  readonly error: WriteLine;
}

export interface LeveledLogParts {
  readonly level: string;
  /** The members of every line. */
  readonly base: object;
  /** Takes each line as JSON, with its line feed. */
  readonly write: (line: string, isFailure: boolean) => void;
}

const ranks: ReadonlyMap<string, number> = new Map([...LEVELS, "silent"].map((level, rank) => [level, rank]));
const rankOf = (level: string): number => ranks.get(level) ?? ranks.size;

/**
 * Makes a log whose lines are JSON: level, time, what is in every line, the line's own members, its message. Lines of level `warn`
 * and above are failures. What JSON cannot say is left out of a line, rather than the line: see {@link membersIn}.
 */
export function createLeveledLog({ level, base, write }: LeveledLogParts): LeveledLog {
  const inEveryLine = membersIn(base);
  const enabled = { trace: false, debug: false, info: false, warn: false, error: false, fatal: false };
  const use = (wanted: string): void => {
    for (const name of LEVELS) enabled[name] = rankOf(name) >= rankOf(wanted);
  };
  use(level);
  const writerOf = (name: Level): WriteLine => {
    const isFailure = rankOf(name) >= rankOf("warn");
    return (first: object | string, second?: string): void => {
      if (!enabled[name]) return;
      const [members, message] = typeof first === "string" ? ["", first] : [membersIn(first), second];
      const begin = `{"level":"${name}","time":"${isoDate(Date.now())}"${inEveryLine}`;
      write(`${begin}${members},"msg":${JSON.stringify(message)}}\n`, isFailure);
    };
  };
  return {
    get level() {
      return LEVELS.find((name) => enabled[name]) ?? "silent";
    },
    set level(wanted) {
      use(wanted);
    },
    enabled,
    debug: writerOf("debug"),
    info: writerOf("info"),
    warn: writerOf("warn"),
    error: writerOf("error"),
  };
}

/** Members as they are in JSON behind others, with the comma before each. One that JSON cannot say is left out. */
function membersIn(members: object): string {
  let text = "";
  for (const [name, value] of Object.entries(members)) {
    const said = textOf(value);
    if (said !== undefined) text += `,${JSON.stringify(name)}:${said}`;
  }
  return text;
}

function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
