const BILLING_HEADER = /^x-anthropic-billing-header:/i;

/**
 * Whether a text of the instructions is Claude Code's first one, which no other wire is sent: its hash changes with every
 * request, and would defeat every prompt cache.
 */
export const isBillingHeader = (text: string): boolean => BILLING_HEADER.test(text);

/** What is said amid a conversation in the system's name, as a text of the user's, for wires that have no such turns. */
export const systemReminder = (text: unknown): string => `<system-reminder>\n${String(text)}\n</system-reminder>`;
