import type { NamedModel } from "../file/file-parts.ts";
import { shownPath } from "../file/file-node.ts";
import type { Complain } from "./check-model.ts";
import type { Suggest } from "./suggest.ts";

const KINDS = ["fallbacks", "context_fallbacks", "content_fallbacks"] as const;

interface Reference {
  readonly path: readonly (string | number)[];
  readonly name: string;
}

function referencesOf({ value }: NamedModel): readonly Reference[] {
  return KINDS.flatMap((kind) => (value[kind] ?? []).map((name, index) => ({ path: [kind, index], name })));
}

/**
 * Checks the names of models that others fall back to: those that are not there, those that are named twice, and ways that
 * lead back to where they began.
 * @param known all names, also of models that something else is wrong with
 */
export function checkFallbacks(
  models: readonly NamedModel[],
  known: ReadonlySet<string>,
  complaintsOf: (model: NamedModel) => Complain,
  suggest: Suggest,
): void {
  for (const model of models) {
    const complain = complaintsOf(model);
    for (const kind of KINDS) {
      const seen = new Set<string>();
      (model.value[kind] ?? []).forEach((name, index) => {
        const fault = seen.has(name) ? "is there twice: expected each model once" : faultOf(name, known, suggest);
        if (fault !== undefined) complain([kind, index], fault);
        seen.add(name);
      });
    }
  }
  findCycles(models, complaintsOf);
}

function faultOf(name: string, known: ReadonlySet<string>, suggest: Suggest): string | undefined {
  if (name.includes("*")) return "has a *: expected the name of one model";
  if (known.has(name)) return undefined;
  return `is no model of this file${suggest(name, known)}: expected a name of models`;
}

/** Names each way that leads back, at the reference that closes it. Each model is looked at once. */
function findCycles(models: readonly NamedModel[], complaintsOf: (model: NamedModel) => Complain): void {
  const byName = new Map(models.map((model) => [model.name, model]));
  const done = new Set<string>();
  const way: string[] = [];
  const places = new Map<string, number>();

  // A stack of its own, because there may be as many models as fit into a file.
  for (const start of models) {
    const open: { readonly model: NamedModel; readonly references: readonly Reference[]; next: number }[] = [];
    const enter = (model: NamedModel): void => {
      places.set(model.name, way.length);
      way.push(model.name);
      open.push({ model, references: referencesOf(model), next: 0 });
    };
    if (!done.has(start.name)) enter(start);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const reference = top.references[top.next];
      top.next += 1;
      if (reference === undefined) {
        done.add(top.model.name);
        places.delete(top.model.name);
        way.pop();
        open.pop();
        continue;
      }
      const began = places.get(reference.name);
      if (began !== undefined) {
        const names = [...way.slice(began), reference.name].map((name) =>
          shownPath(["models", name]).slice("models.".length),
        );
        complaintsOf(top.model)(
          reference.path,
          `leads back to where it began (${shortened(names).join(" → ")}): expected a way that ends`,
        );
        continue;
      }
      const model = byName.get(reference.name);
      if (model && !done.has(model.name)) enter(model);
    }
  }
}

const MAX_SHOWN = 8;

const shortened = (names: readonly string[]): readonly string[] =>
  names.length <= MAX_SHOWN ? names : [...names.slice(0, MAX_SHOWN - 2), "…", ...names.slice(-1)];
