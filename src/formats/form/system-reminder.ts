/** What is said amid a conversation in the system's name, as a text of the user's, for wires that have no such turns. */
export const systemReminder = (text: unknown): string => `<system-reminder>\n${String(text)}\n</system-reminder>`;
