/** A UUID of version 7 begins with the time in milliseconds since the epoch: https://www.rfc-editor.org/rfc/rfc9562#section-5.7 */
const ROW_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Of a row of now; those of one process are in their order. */
export const newRowId = (time: number): string => Bun.randomUUIDv7("hex", time);

export const isRowId = (text: string): boolean => ROW_ID.test(text);

/** No row of that time, in milliseconds since the epoch, or of a later one has a lower id. */
export function lowestId(time: number): string {
  const digits = Math.max(0, Math.floor(time)).toString(16).padStart(12, "0");
  return `${digits.slice(0, 8)}-${digits.slice(8)}-0000-0000-000000000000`;
}
