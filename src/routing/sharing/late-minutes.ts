import type { MinuteClaim, MinuteLeases, MinuteListener } from "./minutes.ts";

/** No request waits for longer for Redis, in milliseconds; if it answers nothing for much longer, it is away. */
export const REDIS_WAITS = { waitMs: 20, patienceMs: 250 } as const;

/** How many processes are counted on while nobody has said how many there are: another gateway as large as this one. */
export const unknownProcesses = (own: number): number => 2 * own;

/** Minutes that Redis keeps, while its client is not loaded yet: what is claimed is kept until then. */
export function createLateMinutes(ownProcesses: () => number): {
  readonly leases: MinuteLeases;
  /** The client is there. */
  follow(minutes: MinuteLeases): void;
} {
  const early = new Map<string, MinuteClaim>();
  let listener: MinuteListener | undefined;
  let followed: MinuteLeases | undefined;

  return {
    leases: {
      ...REDIS_WAITS,
      processes: () => followed?.processes() ?? unknownProcesses(ownProcesses()),
      claim(claim) {
        if (followed) followed.claim(claim);
        else early.set(claim.gate, claim);
      },
      listen(given) {
        listener = given;
        followed?.listen(given);
      },
    },
    follow(minutes) {
      followed = minutes;
      if (listener) minutes.listen(listener);
      for (const claim of early.values()) minutes.claim(claim);
      early.clear();
    },
  };
}
