import type { Dialect } from "../dialects/dialect.ts";
import { describeImageUrl, findImages, type ImageReference, mayHoldImages } from "../dialects/find-images.ts";
import { findVisualContent, isContentRoot } from "../dialects/find-visual-content.ts";
import { Failure } from "../failure/failure.ts";
import { asBuffer } from "../json/as-buffer.ts";
import { memberFinder } from "../json/find-member.ts";
import type { ReceivedBody } from "./prepare-body.ts";

/**
 * The vision gate. Throws `vision_disabled` if images are off and the request holds anything to look at; if they are on,
 * refuses images whose url is neither http(s) nor a base64 data URI.
 */
export function checkImages(body: ReceivedBody, images: Dialect["images"], visionEnabled: boolean): void {
  if (!visionEnabled) refuseVisualContent(body);
  else if (images) requireImageUrls(body, images);
}

function refuseVisualContent({ bytes, value }: ReceivedBody): void {
  const found = findVisualContent(value);
  if (found !== undefined) throw new Failure("vision_disabled", { param: found });
  const body = asBuffer(bytes);
  for (const name in value) {
    if (isContentRoot(name) && mayStandTwice(body, name) && memberFinder(name)(bytes) === "repeated") {
      throw new Failure("invalid_request", { message: `${name} must not be given more than once`, param: name });
    }
  }
}

/** How every escape of an ASCII character begins. */
const ESCAPE = Buffer.from("\\u00");
const MESSAGES = Buffer.from('"messages"');

/**
 * Whether a member could be given again, where the parser has seen only the last one and the provider may read the first.
 * Three native searches tell for nearly all requests that it is not.
 */
function mayStandTwice(body: Buffer, name: string): boolean {
  const quoted = name === "messages" ? MESSAGES : Buffer.from(JSON.stringify(name));
  const first = body.indexOf(quoted);
  return first < 0 || body.includes(quoted, first + quoted.length) || body.includes(ESCAPE);
}

function requireImageUrls({ bytes, value }: ReceivedBody, images: NonNullable<Dialect["images"]>): void {
  if (!mayHoldImages(asBuffer(bytes))) return;
  const { member, read, elsewhere } = images;
  const accept = (image: ImageReference): boolean => {
    const message = describeImageUrl(image);
    if (message !== undefined) throw new Failure("invalid_request", { message, param: image.path });
    return false;
  };
  findImages(value[member], member, read, accept);
  const more = elsewhere?.(value);
  if (more) findImages(more.parts, more.path, read, accept);
}
