import type { CallBlock } from "../form/blocks.ts";

/** The calls of an assistant's message, found by what their results say of them. */
export interface AnsweredCalls {
  /**
   * The call that a result answers. Some clients say no id: there, results answer calls in their order, those with the
   * same name first, as the older `function_call` has it.
   */
  answer(id: string | undefined, name: string | undefined): CallBlock | undefined;
}

export function findCalls(calls: readonly CallBlock[]): AnsweredCalls {
  const byId = new Map(calls.map((call) => [call.id, call]));
  const inOrder = openQueue(calls);
  const byName = new Map<string, () => CallBlock | undefined>();
  const answered = new Set<CallBlock>();

  function openQueue(queued: readonly CallBlock[]): () => CallBlock | undefined {
    let next = 0;
    return () => {
      let call = queued[next];
      while (call !== undefined && answered.has(call)) {
        next += 1;
        call = queued[next];
      }
      return call;
    };
  }

  const firstOfName = (name: string): CallBlock | undefined => {
    const queue = byName.get(name) ?? openQueue(calls.filter((call) => call.name === name));
    byName.set(name, queue);
    return queue();
  };

  return {
    answer(id, name) {
      const ofName = id === undefined && name !== undefined ? firstOfName(name) : undefined;
      const call = id === undefined ? (ofName ?? inOrder()) : byId.get(id);
      if (call !== undefined) answered.add(call);
      return call;
    },
  };
}
