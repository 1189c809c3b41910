/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads one variable without the whitespace around it, which mounted secrets and shells like to add.
 * @returns undefined where the variable is not set or blank: `OPENAI_API_KEY=` is how operators unset one
 */
export function readVariable(environment: Environment, name: string): string | undefined {
  return environment[name]?.trim() || undefined;
}
