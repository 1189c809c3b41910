/** The members of one profile, names in lower case. */
export type Profile = ReadonlyMap<string, string>;

/**
 * Reads a file of AWS profiles. Nested values (indented lines below a name without a value) are left out.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 * @param isConfig whether sections are called `profile NAME`, all but `default`
 */
function parseProfiles(text: string, isConfig: boolean): ReadonlyMap<string, Profile> {
  const profiles = new Map<string, Map<string, string>>();
  let profile: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:[#;]|$)/.test(line)) continue;
    const section = /^\s*\[([^\]]*)\]/.exec(line)?.[1]?.trim();
    if (section !== undefined) {
      const name = isConfig && section !== "default" ? /^profile\s+(.+)$/.exec(section)?.[1] : section;
      profile = name === undefined ? undefined : (profiles.get(unquote(name)) ?? new Map());
      if (profile && name !== undefined) profiles.set(unquote(name), profile);
      continue;
    }
    const sign = line.indexOf("=");
    if (!profile || sign < 0 || /^\s/.test(line)) continue;
    const value = line
      .slice(sign + 1)
      .replace(/\s[#;].*$/, "")
      .trim();
    if (value !== "") profile.set(line.slice(0, sign).trim().toLowerCase(), value);
  }
  return profiles;
}

const unquote = (name: string): string => name.replace(/^(["'])(.*)\1$/, "$2");

/** A profile as both files have it; what the file of credentials says counts. */
export function mergeProfile(
  name: string,
  credentials: string | undefined,
  config: string | undefined,
): Profile | undefined {
  const found = [parseProfiles(config ?? "", true), parseProfiles(credentials ?? "", false)].flatMap(
    (profiles) => profiles.get(name) ?? [],
  );
  return found.length === 0 ? undefined : new Map(found.flatMap((profile) => [...profile]));
}
