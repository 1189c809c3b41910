import { lstatSync, unlinkSync } from "node:fs";

/**
 * Removes the unix socket that a process left behind when it was killed, so that its successor can listen there.
 * A file that is not a socket, and a socket on which somebody answers, are left alone: listening then fails, as wanted.
 */
export async function clearStaleSocket(path: string): Promise<void> {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (!file?.isSocket()) return;
  if (await answers(path)) return;
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    Bun.connect({
      unix: path,
      socket: {
        open(socket) {
          resolve(true);
          socket.end();
        },
        data() {},
        connectError: () => resolve(false),
      },
    }).catch(() => resolve(false));
  });
}
