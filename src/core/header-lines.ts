/**
 * Header fields as they are written in a request of HTTP/1: `name: value` lines, each with its end, names in lower case. They
 * are sent as they are, so whoever makes them makes sure that no value could end a line.
 */
export type HeaderLines = string;

/** The line of one field. */
export const headerLine = (name: string, value: string): HeaderLines => `${name}: ${value}\r\n`;

/** The fields by name, for what does not write lines itself. */
export function fieldsOf(lines: HeaderLines): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of lines.split("\r\n")) {
    const end = line.indexOf(": ");
    if (end > 0) fields[line.slice(0, end)] = line.slice(end + 2);
  }
  return fields;
}
