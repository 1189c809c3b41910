/** The headings under which settings are listed, in that order. */
export const SETTING_GROUPS = [
  "General",
  "Providers",
  "Server",
  "Client",
  "Authentication",
  "Responses",
  "MCP",
  "Telemetry",
] as const;
export type SettingGroup = (typeof SETTING_GROUPS)[number];

interface CommonSettingRow {
  readonly group: SettingGroup;
  /** One line for the operator, without a full stop at its end. */
  readonly doc: string;
  /** As the operator would write it. A row without one is undefined while unset; a list is then empty. */
  readonly default?: string;
  /**
   * When another value takes effect, if not with a reload: `restart`; or `restart-if-toggled`: a reload replaces one value
   * by another one, but to set it or to unset it takes a restart.
   */
  readonly appliesAt?: "restart" | "restart-if-toggled";
  /**
   * The value is never shown whole; `wholly`: no part of it is, because it holds several secrets; `credentials`: it is a
   * URL, and the part before its host is not.
   */
  readonly secret?: true | "wholly" | "credentials";
  /** Older spellings, each accepted with a warning. */
  readonly aliases?: readonly string[];
  /** How a value under an older spelling is read if that had another form than this setting. */
  readonly aliasForm?: {
    /** What is accepted, to follow the word "expected". */
    readonly expected: string;
    /** What would be written today; undefined if the value is not accepted. */
    readonly translate: (value: string) => string | undefined;
  };
}

/** Smallest and largest accepted value, both included, as the operator would write them. */
export type SettingRange = readonly [minimum: string, maximum: string];

/** One row of the settings table: everything that loading, checking and documenting a setting needs to know. */
export type SettingRow = CommonSettingRow &
  (
    | { readonly type: "string" | "boolean" | "proxy" | "host" }
    | {
        readonly type: "list";
        /** The entries that are accepted; any if they are not said. */
        readonly entries?: readonly string[];
      }
    | {
        /** In decimal digits, with or without a fraction. */
        readonly type: "number";
        readonly range: SettingRange;
      }
    | { readonly type: "duration"; readonly range?: SettingRange }
    | { readonly type: "enum"; readonly values: readonly string[] }
    | {
        readonly type: "integer" | "bytes";
        readonly range?: SettingRange;
        /** Words that are accepted in place of a number and reach the reader of the setting as they are. */
        readonly words?: readonly string[];
      }
  );

/** Rows by the names of their settings. */
export type SettingRows = Readonly<Record<string, SettingRow>>;

/**
 * The longest wait that can be asked for. setTimeout fires at once for waits of 2^31 milliseconds (24.8 days) and more, so
 * no deadline may come near that.
 */
export const LONGEST_WAIT = "24h";

type WordsOf<Row> = Row extends { readonly words: readonly (infer Word)[] } ? Word : never;

type ValueOf<Row extends SettingRow> = Row["type"] extends "integer" | "duration" | "bytes" | "number"
  ? number | WordsOf<Row>
  : Row["type"] extends "boolean"
    ? boolean
    : Row["type"] extends "list"
      ? readonly string[]
      : Row extends { readonly values: readonly (infer Value)[] }
        ? Value
        : string;

/** What the reader of a setting gets: durations in milliseconds, sizes in bytes, undefined if unset. */
export type SettingValue<Row extends SettingRow> = Row extends { readonly default: string } | { readonly type: "list" }
  ? ValueOf<Row>
  : ValueOf<Row> | undefined;

/** One documented variable, or family of variables if the name has a `<ID>` in it. */
export interface SettingDescription {
  readonly group: SettingGroup;
  readonly name: string;
  readonly accepted: string;
  /** As the operator would write it; blank if there is none. */
  readonly default: string;
  readonly doc: string;
}
