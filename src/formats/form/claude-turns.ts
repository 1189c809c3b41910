/** A message of a conversation with Claude, in whichever API: whose it is, and its blocks. */
interface ClaudeMessage<Role, Block> {
  readonly role: Role;
  readonly content: Block[];
}

/** Adds blocks to a conversation. Neighbours of one role are one message. */
export function appendBlocks<Role, Block>(
  messages: ClaudeMessage<Role, Block>[],
  role: Role,
  blocks: readonly Block[],
): void {
  if (blocks.length === 0) return;
  const last = messages.at(-1);
  if (last?.role === role) for (const block of blocks) last.content.push(block);
  else messages.push({ role, content: [...blocks] });
}

/** With a budget nothing may be said before the first thought, which clients that keep thoughts apart do not know. */
export function thoughtsFirst<Block>(
  content: readonly Block[],
  isThought: (block: Block) => boolean,
): readonly Block[] {
  const [first] = content;
  if (first === undefined || isThought(first)) return content;
  return [...content.filter(isThought), ...content.filter((block) => !isThought(block))];
}
