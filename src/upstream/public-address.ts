/** A range of addresses: of the first `bits` bits, those of `network`. */
type Range = readonly [network: readonly number[], bits: number];

/** What of IPv4 is not for the public internet. https://www.iana.org/assignments/iana-ipv4-special-registry */
const SPECIAL_IPV4: readonly Range[] = [
  [[0], 8],
  [[10], 8],
  [[100, 64], 10],
  [[127], 8],
  // Public, but from within Azure it is the platform of the machine itself.
  // https://learn.microsoft.com/en-us/azure/virtual-network/what-is-ip-address-168-63-129-16
  [[168, 63, 129, 16], 32],
  [[169, 254], 16],
  [[172, 16], 12],
  [[192, 0, 0], 24],
  [[192, 0, 2], 24],
  [[192, 31, 196], 24],
  [[192, 52, 193], 24],
  [[192, 88, 99], 24],
  [[192, 168], 16],
  [[192, 175, 48], 24],
  [[198, 18], 15],
  [[198, 51, 100], 24],
  [[203, 0, 113], 24],
  // Multicast, what is reserved, and broadcast.
  [[224], 3],
];

/** All of IPv6 that is given to hosts of the internet. https://www.iana.org/assignments/ipv6-address-space */
const GLOBAL_IPV6: Range = [[0x20], 3];

/** What of that is not: protocols, documentation, 6to4, which leads to any IPv4. https://www.iana.org/assignments/iana-ipv6-special-registry */
const SPECIAL_IPV6: readonly Range[] = [
  [[0x20, 0x01, 0x00], 23],
  [[0x20, 0x01, 0x0d, 0xb8], 32],
  [[0x20, 0x02], 16],
  [[0x26, 0x20, 0x00, 0x4f, 0x80, 0x00], 48],
  [[0x3f, 0xff, 0x00], 20],
];

/**
 * Whether an address is that of a host on the public internet: what is not known to be one is not. Addresses that carry
 * another one within, as NAT64 and 6to4 do, are none.
 * @param address IPv4 in its dotted form, or IPv6 without brackets and without a zone, as the resolver of the system gives it
 */
export function isPublicAddress(address: string): boolean {
  if (address.includes(":")) {
    const bytes = ipv6Bytes(address);
    return bytes !== undefined && isIn(bytes, GLOBAL_IPV6) && !SPECIAL_IPV6.some((range) => isIn(bytes, range));
  }
  const bytes = ipv4Bytes(address);
  return bytes !== undefined && !SPECIAL_IPV4.some((range) => isIn(bytes, range));
}

function isIn(bytes: readonly number[], [network, bits]: Range): boolean {
  for (let bit = 0; bit < bits; bit += 8) {
    const mask = (0xff << (8 - Math.min(8, bits - bit))) & 0xff;
    if (((bytes[bit / 8] ?? 0) & mask) !== ((network[bit / 8] ?? 0) & mask)) return false;
  }
  return true;
}

function ipv4Bytes(address: string): number[] | undefined {
  const [, ...parts] = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address) ?? [];
  const bytes = parts.map(Number);
  return bytes.length === 4 && bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function ipv6Bytes(address: string): number[] | undefined {
  const [head = "", tail, ...more] = address.split("::");
  if (more.length > 0) return undefined;
  const [before, after] = [groupsOf(head), groupsOf(tail ?? "")];
  if (!before || !after) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array.from({ length: missing }, () => 0), ...after];
  return groups.flatMap((group) => [group >> 8, group & 0xff]);
}

/** The groups of sixteen bits on one side of `::`. One that ends as IPv4 is none of the ranges above, and not read. */
function groupsOf(text: string): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined;
}
