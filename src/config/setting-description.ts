import type { SettingGroup } from "./setting-row.ts";

/** One documented variable, or family of variables if the name has a `<ID>` in it. */
export interface SettingDescription {
  readonly group: SettingGroup;
  readonly name: string;
  readonly accepted: string;
  /** As the operator would write it; blank if there is none. */
  readonly default: string;
  readonly doc: string;
}
