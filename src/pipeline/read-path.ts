import { Failure } from "../core/errors.ts";
import type { InPath } from "../formats/format.ts";
import { requireHarmlessPath } from "../providers/check-path.ts";
import { pathOf } from "../providers/join-path.ts";

/** What most requests say in their body. */
export interface AskedInPath {
  /** As the client named it. */
  readonly model: string;
  readonly stream: boolean;
}

/**
 * Reads the model out of a path.
 * @throws Failure `path_not_allowed` if it could lead elsewhere at a provider whose paths name the model
 */
export function readAskedInPath(url: string, { model, streams }: InPath): AskedInPath {
  const [path = ""] = pathOf(url).split("?", 1);
  const [, encoded] = model.exec(path) ?? [];
  // The router had it otherwise, so it has dot segments.
  if (encoded === undefined) throw new Failure("route_not_found");
  requireHarmlessPath(encoded, true);
  return { model: decodeURIComponent(encoded), stream: streams };
}
