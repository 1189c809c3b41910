/** What decides how many workers can be of use. */
export interface Machine {
  /** As `process.platform` tells it. */
  readonly platform: string;
  /** How many cores this process may run on. */
  readonly cores: number;
  /** How many cores' worth of time its control group may use; Infinity where that is not limited. */
  readonly quota: number;
}

/**
 * How many worker processes a setting asks for; one means that the gateway serves by itself.
 * @returns with a warning where the machine does not allow what the setting asks for.
 */
export function countWorkers(
  setting: number | "auto",
  { platform, cores, quota }: Machine,
): { readonly count: number; readonly warning?: string } {
  if (setting === 1) return { count: 1 };
  // Elsewhere a shared port is served by one of those who share it, and the rest would be idle.
  if (platform !== "linux") {
    const warning = `SERVER_WORKERS=${setting} has no effect on ${platform}, which does not spread connections over processes`;
    return { count: 1, warning };
  }
  return { count: setting === "auto" ? Math.max(1, Math.min(cores, Math.ceil(quota))) : setting };
}
