/** Options with which the program does something else than to serve; of several, the first one here counts. */
export const ACTIONS = ["help", "version", "print-schema", "print-config", "check", "healthcheck"] as const;

/** Whether the arguments have such an option, by its long name. Without one, the program serves or says what is wrong with them. */
export function asksOnly(args: readonly string[]): boolean {
  return args.some((argument) => ACTIONS.some((name) => argument === `--${name}` || argument.startsWith(`--${name}=`)));
}
