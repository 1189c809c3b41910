import type { ConfigSource } from "../../config/config-source.ts";
import type { FileContents } from "../../core/read-files.ts";
import type { FromWorker, ToWorker } from "./worker-process.ts";

/** What the workers run on, so that one that is started later runs on the same. */
export class RunningState {
  /** What they have read of the files that settings name, when they last could. */
  #files: FileContents | undefined;
  /** What they have read their settings from since they were started, when they last could. */
  #reloaded: ConfigSource | undefined;
  /** What they were asked to read them from, if none has said yet how that went. */
  #asked: ConfigSource | undefined;
  /** What is wrong with what the configuration file holds. */
  #fileProblem: string | undefined;

  /** @returns what a worker is sent first. */
  firstMessages(start: ToWorker & { readonly kind: "start" }): readonly ToWorker[] {
    const files = this.#files && { files: this.#files };
    const reloaded = this.#reloaded && { reloaded: this.#reloaded };
    const fileProblem = this.#fileProblem && { fileProblem: this.#fileProblem };
    const reload = this.#asked && ({ kind: "reload", ...this.#asked } as const);
    return [{ ...start, ...files, ...reloaded, ...fileProblem }, ...(reload ? [reload] : [])];
  }

  /** They are asked to read their settings from this. */
  ask(source: ConfigSource): void {
    this.#asked = source;
  }

  /** One of them says what it has read. */
  answered(message: FromWorker & { readonly kind: "built" | "reloaded" | "not-reloaded" }): void {
    if (message.kind === "built") {
      this.#files ??= message.files;
      return;
    }
    // They may have been asked again since.
    if (Bun.deepEquals(this.#asked, message.source)) this.#asked = undefined;
    if (message.kind === "not-reloaded") {
      this.#fileProblem = message.problem;
      return;
    }
    this.#fileProblem = undefined;
    this.#files = message.files;
    this.#reloaded = message.source;
  }
}
