import type { Steps } from "../../core/event-loop.ts";
import type { Environment } from "../environment.ts";
import type { Fault } from "./file-node.ts";
import type { FileLimits, FileModel, FileTimeouts } from "./model-section.ts";
import type { FilePrice } from "./price-section.ts";
import { type Part, readPart, type ValuePlace } from "./read-part.ts";

/** Where the values of a part are, by their paths. */
export type Places = Readonly<Record<string, ValuePlace>>;

/** A model of a file. */
export interface NamedModel {
  readonly name: string;
  readonly value: FileModel;
  readonly places: Places;
}

/** What a file says of a provider that no variable says. */
export interface ProviderPart {
  readonly id: string;
  readonly limits?: FileLimits;
  readonly timeouts?: FileTimeouts;
  readonly places: Places;
}

/** What a file says that a model costs. */
export interface NamedPrice {
  /** Id of a provider. */
  readonly provider: string;
  /** In its naming; may hold one `*`. */
  readonly model: string;
  readonly value: FilePrice;
  readonly places: Places;
}

/** What a file says that no variable says. Can be sent to another process. */
export interface FileParts {
  readonly models: readonly NamedModel[];
  readonly providerParts: readonly ProviderPart[];
  readonly prices: readonly NamedPrice[];
}

/** Reads the parts of a file. @returns what is wrong with them too; a part that has a fault is left out */
export function* readParts(
  parts: readonly Part[],
  environment: Environment,
): Steps<FileParts & { readonly faults: readonly Fault[] }> {
  const models: NamedModel[] = [];
  const providers = new Map<string, ProviderPart>();
  const prices: NamedPrice[] = [];
  const faults: Fault[] = [];
  for (const part of parts) {
    yield;
    const [section, name = "", key = ""] = part.path;
    const { value, places, faults: found } = readPart(part, environment);
    faults.push(...found);
    if (found.length > 0) continue;
    // What was read by a schema is of its type.
    if (section === "models") models.push({ name, value: value as FileModel, places });
    else if (section === "prices") prices.push({ provider: name, model: key, value: value as FilePrice, places });
    else {
      const before = providers.get(name);
      providers.set(name, { ...before, id: name, [key]: value, places: { ...before?.places, ...places } });
    }
  }
  return { models, providerParts: [...providers.values()], prices, faults };
}
