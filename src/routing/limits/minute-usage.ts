/** What passed in a minute, counted from the epoch, and in the one before it. */
export interface MinuteUsage {
  minute: number;
  requests: number;
  tokens: number;
  requestsBefore: number;
  tokensBefore: number;
}

export const createMinuteUsage = (minute: number): MinuteUsage => ({
  minute,
  requests: 0,
  tokens: 0,
  requestsBefore: 0,
  tokensBefore: 0,
});

/** Moves the usage on to a minute. A clock that was set back takes nothing away: what was counted stays in this minute. */
export function rollTo(usage: MinuteUsage, minute: number): void {
  if (minute === usage.minute) return;
  if (minute > usage.minute) {
    const isNext = minute === usage.minute + 1;
    usage.requestsBefore = isNext ? usage.requests : 0;
    usage.tokensBefore = isNext ? usage.tokens : 0;
    usage.requests = 0;
    usage.tokens = 0;
  }
  usage.minute = minute;
}
