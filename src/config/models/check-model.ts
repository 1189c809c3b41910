import type { NamedModel } from "../file/file-parts.ts";
import { type Position, shownPath } from "../file/file-node.ts";
import type { FileDeployment } from "../file/model-section.ts";
import { findTierFault, TIER_FAULT } from "./check-tiers.ts";

/** Says what is wrong at a path of a model, the rest of the line after it. */
export type Complain = (path: readonly (string | number)[], text: string) => void;

/** What of a request is not a parameter of its model: the gateway says it, or only the client. */
const NO_PARAMS: ReadonlySet<string> = new Set(["model", "messages", "input", "prompt", "contents", "stream"]);

/** Makes what collects the problems of a model, by their places. */
export function complaintsOf({ name, places }: NamedModel, found: (at: Position, text: string) => void): Complain {
  return (path, text) => {
    const whole = ["models", name, ...path];
    for (let end = whole.length; ; end -= 1) {
      const at = places[shownPath(whole.slice(0, end))] ?? (end <= 2 ? { line: 1, column: 1 } : undefined);
      if (at) return found(at, `${shownPath(whole)} ${text}`);
    }
  };
}

/**
 * What is wrong with a model as it is, whatever else there is.
 * @param deployments how many it has, those of several keys counted for each of them; undefined if that is not known
 */
export function checkModel(named: NamedModel, deployments: number | undefined, complain: Complain): void {
  const { name, value: model } = named;
  const stars = name.split("*").length - 1;
  if (stars > 1) complain([], "has more than one *: expected a name with one * at most");
  model.deployments.forEach(({ model: asked, params, override_params: overrides, price }, index) => {
    const at = ["deployments", index];
    const tier = price && findTierFault(price);
    if (tier !== undefined) complain([...at, "price", "tiers", tier, "above"], TIER_FAULT);
    if (asked === "*" && stars === 0) {
      complain(
        [...at, "model"],
        "is *, which stands for what the * of the name does, and the name has none: expected the name of a model",
      );
    } else if (asked !== "*" && asked.includes("*")) {
      complain(
        [...at, "model"],
        "has a *: expected the name of a model, or * alone for what a request has in the place of the * of the name",
      );
    }
    checkParams([...at, "params"], params, complain);
    checkParams([...at, "override_params"], overrides, complain);
    for (const key of Object.keys(params ?? {})) {
      if (Object.hasOwn(overrides ?? {}, key)) {
        complain([...at, "params", key], "can do nothing, because override_params has it too: expected one of them");
      }
    }
  });
  findCollisions(model.deployments).forEach(([index, first]) =>
    complain(
      ["deployments", index],
      `is the same provider, model and key as deployments[${first}]: expected another one, or a higher weight there`,
    ),
  );
  checkWaits(named, complain);
  checkIdle(named, deployments, complain);
}

function checkParams(path: readonly (string | number)[], params: object | undefined, complain: Complain): void {
  for (const key of Object.keys(params ?? {})) {
    if (NO_PARAMS.has(key))
      complain(
        [...path, key],
        "is not accepted: expected parameters, and neither the model nor what the client says to it, nor stream",
      );
  }
}

function checkWaits({ value: model }: NamedModel, complain: Complain): void {
  const { retries, cooldown, health_check: check } = model;
  const isOver = (one: number | undefined, other: number | undefined): boolean =>
    one !== undefined && other !== undefined && one > other;
  if (isOver(retries?.backoff, retries?.max_backoff)) {
    complain(["retries", "backoff"], "is longer than max_backoff: expected at most that");
  }
  if (isOver(cooldown?.for, cooldown?.max)) complain(["cooldown", "for"], "is longer than max: expected at most that");
  if (isOver(check?.timeout, check?.interval)) {
    complain(["health_check", "timeout"], "is longer than interval: expected at most that");
  }
  for (const key of ["model", "stream"]) {
    if (Object.hasOwn(check?.request ?? {}, key)) {
      complain(["health_check", "request", key], "is not accepted: the gateway says it of each deployment");
    }
  }
}

/** What can do nothing. Whoever says it believes that it does something. */
function checkIdle({ value: model }: NamedModel, deployments: number | undefined, complain: Complain): void {
  const { strategy = "round_robin", retries } = model;
  if (model.sticky && strategy !== "sticky") {
    complain(["sticky"], `can do nothing with the strategy ${strategy}: expected strategy: sticky`);
  }
  if (model.health_check?.request && model.deployments.some(({ model: asked }) => asked === "*")) {
    complain(["health_check", "request"], "can do nothing for a deployment whose model is *: expected none");
  }
  const isSingle = deployments === 1;
  if (model.hedge && isSingle) {
    complain(["hedge"], "can do nothing with one deployment: expected a second one to be asked");
  } else if (model.hedge && retries?.attempts === 1) {
    complain(["hedge"], "can do nothing with retries.attempts 1: expected at least 2");
  }
  if (model.resume && isSingle && !model.fallbacks?.length) {
    complain(["resume"], "can do nothing with one deployment and no fallbacks: expected another one to go on with");
  }
}

/** Deployments of a model that are, in part, the same as one before: their state would be one. @returns pairs of their places */
function findCollisions(deployments: readonly FileDeployment[]): readonly (readonly [number, number])[] {
  /** By provider and model: where it is said of all keys, and of which one. */
  const known = new Map<string, { first: number; all?: number; readonly keys: Map<number, number> }>();
  return deployments.flatMap(({ provider, model, key }, index): readonly (readonly [number, number])[] => {
    const name = JSON.stringify([provider, model]);
    const before = known.get(name);
    const same = key === undefined ? before?.first : (before?.all ?? before?.keys.get(key));
    const entry = before ?? { first: index, keys: new Map<number, number>() };
    if (key === undefined) entry.all ??= index;
    else if (!entry.keys.has(key)) entry.keys.set(key, index);
    known.set(name, entry);
    return same === undefined ? [] : [[index, same]];
  });
}
