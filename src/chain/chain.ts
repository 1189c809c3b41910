/**
 * What can stand in a {@link Chain}: its links are its own. A `Set` makes an object for each of its members and keeps the
 * collector busy with it, which is felt where every request joins and leaves one.
 */
export interface ChainMember<Member> {
  before: Member | undefined;
  behind: Member | undefined;
}

/** Members in the order in which they joined; joining and leaving cost a few assignments. A member stands in one chain only. */
export interface Chain<Member> {
  /** Does nothing for one that has joined already. */
  join(member: Member): void;
  /** Does nothing for one that has not joined. */
  leave(member: Member): void;
  has(member: Member): boolean;
  size(): number;
  /** All that stand in it at the moment, in a list that does not change with it. */
  members(): Member[];
}

export function createChain<Member extends ChainMember<Member>>(): Chain<Member> {
  let first: Member | undefined;
  let last: Member | undefined;
  let size = 0;

  const has = (member: Member): boolean => member === first || member.before !== undefined;

  return {
    has,
    join(member) {
      if (has(member)) return;
      member.before = last;
      if (last) last.behind = member;
      else first = member;
      last = member;
      size += 1;
    },
    leave(member) {
      if (!has(member)) return;
      const { before, behind } = member;
      if (before) before.behind = behind;
      else first = behind;
      if (behind) behind.before = before;
      else last = before;
      member.before = undefined;
      member.behind = undefined;
      size -= 1;
    },
    size: () => size,
    members() {
      const members: Member[] = [];
      for (let member = first; member; member = member.behind) members.push(member);
      return members;
    },
  };
}
