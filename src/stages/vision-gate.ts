import type { Format } from "../formats/format.ts";
import { describeImageUrl, findImages, type ImageReference, mayHoldImages } from "../formats/images.ts";
import { findInElement, findInMember, findVisualContent } from "../formats/visual-content.ts";
import { isContentRoot } from "../formats/visual-signs.ts";
import { Failure } from "../core/errors.ts";
import { asBuffer } from "../core/json/bytes.ts";
import type { JsonObject } from "../core/json/parse.ts";
import { openTurns, type Turns } from "../core/event-loop.ts";
import { refuseRepeated, watchDecisive } from "../pipeline/body/prepare-body.ts";
import { afterParsing, parsed, type ReceivedBody, UnparsedBody } from "../pipeline/body/received-body.ts";
import type { AdmittedRequest, Answer, Stage } from "../pipeline/stage.ts";

/**
 * Creates the vision gate. With images off it throws `vision_disabled` if a request contains anything visual; with images
 * on and strict checks, it refuses images whose url is neither http(s) nor a base64 data URI.
 * @returns no stage if there is nothing to check
 */
export function createVisionGate({ isEnabled, isStrict }: VisionOptions): readonly Stage[] {
  if (!isEnabled) {
    return [
      (admitted, next) => {
        const { body, attempts } = admitted;
        // Not `async`: such a function would keep the body while the provider thinks.
        const parsing = isSuspicious(body) ? parsed(body, attempts.request) : undefined;
        return parsing ? afterParsing(parsing, search, admitted, next) : search(admitted, next);
      },
    ];
  }
  if (!isStrict) return [];
  return [
    (admitted, next) => {
      const { images } = admitted.format;
      if (images) requireImageUrls(admitted.body, images);
      return next(admitted);
    },
  ];
}

export interface VisionOptions {
  /** Whether models may be sent what they can look at. */
  readonly isEnabled: boolean;
  /** Whether requests are held to all that their schemas say. */
  readonly isStrict: boolean;
}

/** A longer body is searched in turns of its own: 3 MB with as many names as fit in take 30 ms. */
const MAX_BYTES_IN_TURN = 512 * 1024;

/** Most requests have no sign of anything visual in their bytes, and need not be parsed for this. */
const isSuspicious = (body: ReceivedBody): boolean => !(body instanceof UnparsedBody) || body.hasVisualSign;

function search(admitted: AdmittedRequest, next: Answer): ReturnType<Answer> {
  const { body } = admitted;
  if (isSuspicious(body) && body.bytes.length > MAX_BYTES_IN_TURN) {
    return afterParsing(searchInTurns(body), next, admitted, undefined);
  }
  refuseVisualContent(body, isSuspicious(body) ? findVisualContent(body.value) : undefined);
  return next(admitted);
}

async function searchInTurns(body: ReceivedBody): Promise<void> {
  const turns = openTurns();
  await turns.next();
  refuseVisualContent(body, await findInTurns(body.value, turns));
  await turns.next();
}

async function findInTurns(request: JsonObject, turns: Turns): Promise<string | undefined> {
  for (const name in request) {
    const value = request[name];
    if (!Array.isArray(value) || !isContentRoot(name)) {
      const found = findInMember(name, value);
      if (found !== undefined) return found;
      continue;
    }
    for (const [index, element] of value.entries()) {
      const found = findInElement(element);
      if (found !== undefined) return `${name}[${index}]${found}`;
      if (turns.isOver()) await turns.next();
    }
  }
  return undefined;
}

function refuseVisualContent(body: ReceivedBody, found: string | undefined): void {
  if (found !== undefined) throw new Failure("vision_disabled", { param: found });
  // The parser has seen only the last of two members of one name, and the provider may read the first.
  for (const { name, count } of watchDecisive(body).found) if (count > 1 && isContentRoot(name)) refuseRepeated(name);
}

function requireImageUrls({ bytes, value }: ReceivedBody, images: NonNullable<Format["images"]>): void {
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
