/**
 * What can be in a {@link LinkedList}: its links are its own. A `Set` makes an object for each member and keeps the
 * collector busy with it, which is noticeable if every request joins and leaves one.
 */
export interface LinkedListNode<Member> {
  previous: Member | undefined;
  next: Member | undefined;
}

/** Members in the order they joined; joining and leaving cost a few assignments. A member is in one list only. */
export interface LinkedList<Member> {
  /** Does nothing for one that has joined already. */
  append(member: Member): void;
  /** Does nothing for one that has not joined. */
  remove(member: Member): void;
  has(member: Member): boolean;
  size(): number;
  /** The first ones that are in it at the moment, all by default, in a list that does not change with it. */
  members(atMost?: number): Member[];
}

export function createLinkedList<Member extends LinkedListNode<Member>>(): LinkedList<Member> {
  let first: Member | undefined;
  let last: Member | undefined;
  let size = 0;

  const has = (member: Member): boolean => member === first || member.previous !== undefined;

  return {
    has,
    append(member) {
      if (has(member)) return;
      member.previous = last;
      if (last) last.next = member;
      else first = member;
      last = member;
      size += 1;
    },
    remove(member) {
      if (!has(member)) return;
      const { previous: before, next: behind } = member;
      if (before) before.next = behind;
      else first = behind;
      if (behind) behind.previous = before;
      else last = before;
      member.previous = undefined;
      member.next = undefined;
      size -= 1;
    },
    size: () => size,
    members(atMost = size) {
      const members: Member[] = [];
      for (let member = first; member && members.length < atMost; member = member.next) members.push(member);
      return members;
    },
  };
}
