import { Failure } from "../../core/errors.ts";

/** One part of a `multipart/form-data` body. */
export interface FormPart {
  readonly name: string;
  /** Its Content-Type; blank if it has none. */
  readonly type: string;
  readonly content: Buffer;
}

/** A form has more only to keep the gateway busy. */
const MAX_PARTS = 1000;

/** Room for a long file name. */
const MAX_HEADER_BYTES = 8 * 1024;

const LINE_END = "\r\n";
const HEADERS_END = Buffer.from("\r\n\r\n");

const CONTENT_TYPE =
  /^multipart\/form-data[ \t]*;[ \t]*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'+.-]{1,70}))[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;
const FIELD = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*)$/;
const PARAMETER = /[ \t]*;[ \t]*([a-z]+\*?)=(?:"([^"\\]*)"|([^\s;"\\]+))/iy;
/** Anything else is encoded in one way or another, which readers undo differently. */
const PLAIN_NAME = /^[\w.$[\]-]+$/;

/**
 * Takes a form apart as RFC 7578 writes it, and refuses whatever two readers might take apart differently: a preamble,
 * an epilogue, bare line feeds around a boundary, a boundary within a part, encoded names, parts that are encoded or have
 * parts themselves. Time grows with the bytes.
 * @throws Failure `malformed_body`.
 */
export function parseMultipart(body: Buffer, contentType: string): readonly FormPart[] {
  const [, quoted, plain] = CONTENT_TYPE.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) refuse("its Content-Type must be multipart/form-data with one boundary");
  const delimiter = Buffer.from(`--${boundary}`);
  const parts: FormPart[] = [];
  if (!body.subarray(0, delimiter.length).equals(delimiter)) refuse("it must begin with its boundary");
  let position = delimiter.length;
  while (body.toString("latin1", position, position + 2) !== "--") {
    if (parts.length === MAX_PARTS) refuse(`it must not have more than ${MAX_PARTS} parts`);
    const headersEnd = body.indexOf(HEADERS_END, position);
    if (headersEnd < 0 || headersEnd - position > MAX_HEADER_BYTES) refuse("the headers of a part do not end");
    const head = readHead(body.toString("latin1", position, headersEnd));
    const start = headersEnd + HEADERS_END.length;
    const next = body.indexOf(delimiter, start);
    const end = next - LINE_END.length;
    if (end < start || body.toString("latin1", end, next) !== LINE_END) refuse("a part does not end with the boundary");
    parts.push({ ...head, content: body.subarray(start, end) });
    position = next + delimiter.length;
  }
  if (body.toString("latin1", position + 2).trim() !== "") refuse("something follows its last boundary");
  return parts;
}

/** @param block from behind the boundary to before the empty line. */
function readHead(block: string): Omit<FormPart, "content"> {
  const [beforeFirst, ...lines] = block.split(LINE_END);
  if (beforeFirst !== "") refuse("a boundary must be followed by a line end");
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, field, value] = FIELD.exec(line) ?? [];
    if (field === undefined || value === undefined || /[\r\n]/.test(line)) refuse("a part has a malformed header");
    if (fields.has(field.toLowerCase())) refuse(`a part has ${field} twice`);
    fields.set(field.toLowerCase(), value.trim());
  }
  if (!/^(?:|7bit|8bit|binary)$/i.test(fields.get("content-transfer-encoding") ?? "")) refuse("a part is encoded");
  const type = fields.get("content-type") ?? "";
  if (/charset/i.test(type) && !/;[ \t]*charset="?(?:utf-8|us-ascii)"?$/i.test(type)) refuse("a part is not UTF-8");
  if (/^(?:multipart|message)\//i.test(type)) refuse("a part has parts of its own");
  return { name: readDispositionName(fields.get("content-disposition") ?? ""), type };
}

function readDispositionName(disposition: string): string {
  const parameters = new Map<string, string>();
  let position = "form-data".length;
  if (disposition.slice(0, position).toLowerCase() !== "form-data") refuse("a part is no field of a form");
  while (position < disposition.length) {
    PARAMETER.lastIndex = position;
    const [whole, parameter, quoted, plain] = PARAMETER.exec(disposition) ?? [];
    if (whole === undefined || parameter === undefined) refuse("a part has a malformed Content-Disposition");
    const key = parameter.toLowerCase();
    if (parameters.has(key) || !["name", "filename", "filename*"].includes(key))
      refuse(`a part has ${parameter} twice`);
    parameters.set(key, quoted ?? plain ?? "");
    position += whole.length;
  }
  const name = parameters.get("name") ?? "";
  // `_charset_` changes how the other fields are read: RFC 7578, section 4.6.
  if (!PLAIN_NAME.test(name) || name === "_charset_") refuse("a part must have a name of plain letters and digits");
  return name;
}

function refuse(reason: string): never {
  throw new Failure("malformed_body", { message: `Failed to decode request: the form cannot be read: ${reason}` });
}
