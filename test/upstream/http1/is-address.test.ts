import { expect, test } from "bun:test";
import { isAddress } from "../../../src/upstream/http1/origin.ts";

test.each(["example.com", "localhost", "1.2.3.4.example.com", "a.1.2.3.4", "10", "1.2.3", "xn--bcher-kva.example", ""])(
  "%p is a name",
  (hostname) => expect(isAddress(hostname)).toBe(false),
);

// As URLs have them after parsing: shortened and hexadecimal forms of IPv4 are written out there.
test.each(["http://127.0.0.1", "http://0x7f.1", "http://2130706433", "http://[::1]", "http://[::ffff:10.0.0.1]"])(
  "the host of %p is an address",
  (url) => {
    const { hostname } = new URL(url);
    expect(isAddress(hostname)).toBe(true);
    expect(isAddress(hostname.replace(/^\[|\]$/g, ""))).toBe(true);
  },
);
