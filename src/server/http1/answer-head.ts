import type { AnswerFields } from "../../core/client-answer.ts";

/** Reasons of the statuses that answers have. https://www.rfc-editor.org/rfc/rfc9110#section-15 */
const REASONS: ReadonlyMap<number, string> = new Map(
  `200 OK|201 Created|202 Accepted|203 Non-Authoritative Information|204 No Content|205 Reset Content|206 Partial Content
  300 Multiple Choices|301 Moved Permanently|302 Found|303 See Other|304 Not Modified|307 Temporary Redirect
  308 Permanent Redirect|400 Bad Request|401 Unauthorized|402 Payment Required|403 Forbidden|404 Not Found
  405 Method Not Allowed|406 Not Acceptable|407 Proxy Authentication Required|408 Request Timeout|409 Conflict|410 Gone
  411 Length Required|412 Precondition Failed|413 Content Too Large|414 URI Too Long|415 Unsupported Media Type
  416 Range Not Satisfiable|417 Expectation Failed|421 Misdirected Request|422 Unprocessable Content|423 Locked
  424 Failed Dependency|425 Too Early|426 Upgrade Required|428 Precondition Required|429 Too Many Requests
  431 Request Header Fields Too Large|451 Unavailable For Legal Reasons|500 Internal Server Error|501 Not Implemented
  502 Bad Gateway|503 Service Unavailable|504 Gateway Timeout|505 HTTP Version Not Supported|507 Insufficient Storage
  529 Overloaded`
    .split(/\||\n */)
    .map((entry) => [Number(entry.slice(0, 3)), entry.slice(4)]),
);

const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The status line and the fields of an answer, each with its line end.
 * @throws TypeError if a value could end its line
 */
export function writeAnswerHead(status: number, fields: AnswerFields): string {
  let head = `HTTP/1.1 ${status} ${REASONS.get(status) ?? "Unknown"}\r\n`;
  if (fields instanceof Headers) {
    fields.forEach((value, name) => {
      head += `${name}: ${value}\r\n`;
    });
    return head;
  }
  for (const name in fields) {
    const value = fields[name] as string;
    if (!VALUE.test(value)) throw new TypeError(`no value of a header: ${name}`);
    head += `${name}: ${value}\r\n`;
  }
  return head;
}

/** The value of a field whose name is in lower case. */
export function fieldOf(fields: AnswerFields, name: string): string | undefined {
  return fields instanceof Headers ? (fields.get(name) ?? undefined) : fields[name];
}

/** Makes the `Date` of answers; it is written anew each second. https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1 */
export function createDateLine(now: () => number = Date.now): () => string {
  let line = "";
  let second = 0;
  return () => {
    const time = Math.floor(now() / 1000);
    if (time !== second) {
      second = time;
      line = `date: ${new Date(time * 1000).toUTCString()}\r\n`;
    }
    return line;
  };
}
