import type { Stop, Usage } from "../../../formats/form/answer.ts";
import type { AnswerEvent } from "../../../formats/form/answer-events.ts";
import type { AnswerStreamWriter } from "../../../formats/form/dialect.ts";
import { stopsAtLimit } from "../next-step.ts";
import type { ToolPlan } from "../tool-plan.ts";
import type { UsageSum } from "../usage.ts";
import type { ClientWriter } from "./client-writer.ts";
import { type BlockEvent, gatherBlocks } from "./gathered-blocks.ts";
import { type AskedOf, isOwnCall, readAsked } from "./step-blocks.ts";

/** Writes the events of one step to the client's stream, and gathers what they say for the next step. */
export interface StepWriter extends AnswerStreamWriter {
  readonly hasFailed: boolean;
  /** What this step has used, as far as the provider has said. */
  readonly usage: Usage | undefined;
  asked(): AskedOf;
  /** The end of the client's stream, unless it was written already. */
  close(): string;
}

export interface StepWriterOptions {
  readonly client: ClientWriter;
  readonly plan: Pick<ToolPlan, "isOurs">;
  /** Show the client the calls that the gateway answers. */
  readonly showsOurs: boolean;
  readonly newId: (index: number) => string;
  readonly mayRemember: (bytes: number) => boolean;
  readonly sum: Pick<UsageSum<Usage>, "use">;
}

/**
 * A class instead of closures: it is one object for each step, with much state.
 * @param isNative whether the step is answered in the client's own API: only then does it have an id that the client knows
 */
export function openStepWriter(options: StepWriterOptions, isNative: () => boolean): StepWriter {
  return new FormStepWriter(options, isNative);
}

class FormStepWriter implements StepWriter {
  hasFailed = false;
  usage: Usage | undefined;
  readonly #options: StepWriterOptions;
  readonly #isNative: () => boolean;
  readonly #gathered;
  /** The numbers by which the client knows the blocks that it sees. */
  readonly #numbers = new Map<number, number>();
  #hasOurs = false;
  #stop: Stop | undefined;
  /** The client was sent the reason: nothing can follow. */
  #isStopSent = false;
  #isClosed = false;

  constructor(options: StepWriterOptions, isNative: () => boolean) {
    this.#options = options;
    this.#isNative = isNative;
    this.#gathered = gatherBlocks(options.mayRemember);
  }

  get held(): number {
    return this.#options.client.held ?? 0;
  }

  write(event: AnswerEvent): string {
    const { client } = this.#options;
    if (this.hasFailed) return "";
    switch (event.type) {
      case "start":
        return client.hasBegun && !this.#isNative() ? "" : client.write(event);
      case "usage":
        ({ usage: this.usage } = event);
        return this.#isStopSent ? this.#tellUsage() : "";
      case "stop":
        this.#stop = event.stop;
        return this.#hasOurs ? "" : this.#sendStop(event.stop);
      case "fail":
        this.hasFailed = true;
        return client.write(event);
      default:
        return this.#writeBlock(event);
    }
  }

  /** The provider's stream is over: so is the client's, unless another step may follow. */
  end(): string {
    if (!this.#isStopSent || this.#isClosed) return "";
    this.#isClosed = true;
    return this.#options.client.end();
  }

  asked(): AskedOf {
    const { plan, newId } = this.#options;
    return readAsked(this.#gathered.list(), this.#stop, plan, newId);
  }

  close(): string {
    // What has no end of its own must not get one here: whoever sends it says that it broke off.
    if (this.hasFailed || !this.#stop) return "";
    const stop: Stop = stopsAtLimit(this.asked().shape) ? { reason: "length" } : this.#stop;
    const text = this.#isStopSent ? "" : this.#sendStop(stop);
    return text + this.end();
  }

  #sendStop(stop: Stop): string {
    this.#isStopSent = true;
    return this.#tellUsage() + this.#options.client.write({ type: "stop", stop });
  }

  #tellUsage(): string {
    const { client, sum } = this.#options;
    return client.usage(sum.use(this.usage).told);
  }

  #writeBlock(event: BlockEvent): string {
    const { client, plan, showsOurs } = this.#options;
    this.#gathered.take(event);
    if (event.type !== "open") {
      const block = this.#numbers.get(event.block);
      return block === undefined ? "" : client.write({ ...event, block });
    }
    const { opened } = event;
    const isOurs = opened.type === "call" && isOwnCall(opened, plan);
    this.#hasOurs ||= isOurs;
    if (isOurs && !showsOurs) return "";
    const block = client.newBlock();
    this.#numbers.set(event.block, block);
    return client.write({ type: "open", block, opened: isOurs ? { ...opened, isAnswered: true } : opened });
  }
}
