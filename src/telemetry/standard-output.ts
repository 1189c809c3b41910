import { errorCodeOf, errorWordOf } from "../core/error-code.ts";
import { closeSync, constants, fstatSync, openSync, statSync, write, writeSync } from "node:fs";

/** Where lines are written to. */
export interface LineOutput {
  /**
   * Writes the first of these bytes; never waits for whoever reads them.
   * @param done called when the system has answered, perhaps before this call returns: with how many bytes it took, or with
   * the code of its error. Until then nothing else may be written.
   */
  write(bytes: Uint8Array, done: (written: number | string) => void): void;
  /** Writes at once, if that can be done without waiting; for a process that has no time left. */
  writeLast(bytes: Uint8Array): void;
}

const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;

/**
 * Opens standard output, whatever it is. Files take bytes at once. Pipes, sockets and terminals have somebody at their
 * other end who may stop reading, and then a write waits: so it waits on a thread of the runtime's pool, one write at a
 * time, which holds up neither the event loop nor the end of the process. Not `O_NONBLOCK`, and not `process.stdout`,
 * which sets it: other processes write to the same open pipe and would get its errors.
 */
export function openStandardOutput(): LineOutput {
  if (mayStall(STANDARD_OUTPUT)) {
    return { write: writeOnPool, writeLast: (bytes) => writeIfRoom(STANDARD_OUTPUT, bytes) };
  }
  return {
    write: (bytes, done) => done(writeAtOnce(STANDARD_OUTPUT, bytes)),
    writeLast: (bytes) => void writeAtOnce(STANDARD_OUTPUT, bytes),
  };
}

function mayStall(descriptor: number): boolean {
  try {
    const stats = fstatSync(descriptor);
    return stats.isFIFO() || stats.isSocket() || isTerminal(descriptor);
  } catch {
    return true;
  }
}

/** Whether people look at standard output, or at another descriptor. */
export function isTerminal(descriptor = STANDARD_OUTPUT): boolean {
  // The module with the question itself brings Node's streams into memory: 5 ms, 1.3 MiB. So it is asked only of what may be one.
  return mayBeTerminal(descriptor) && process.getBuiltinModule("node:tty").isatty(descriptor);
}

/** Every terminal is a character device. So is where output goes that nobody wants. */
function mayBeTerminal(descriptor: number): boolean {
  try {
    const stats = fstatSync(descriptor);
    return stats.isCharacterDevice() && stats.rdev !== statSync("/dev/null").rdev;
  } catch {
    return false;
  }
}

function writeOnPool(bytes: Uint8Array, done: (written: number | string) => void): void {
  write(STANDARD_OUTPUT, bytes, 0, bytes.length, null, (error, written) => done(error ? errorWordOf(error) : written));
}

/** @returns how many bytes were taken, or the code of the error */
function writeAtOnce(descriptor: number, bytes: Uint8Array): number | string {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    return errorWordOf(error);
  }
}

/** Opens the pipe or terminal once more, because only a descriptor of one's own may be made to refuse instead of wait. */
function writeIfRoom(descriptor: number, bytes: Uint8Array): void {
  try {
    writeToOwn(descriptor, bytes);
  } catch (error) {
    // A socket cannot be opened again. Nobody but this process, which ends, is known to write to it.
    if (errorCodeOf(error) !== "EAGAIN") (descriptor === STANDARD_ERROR ? process.stderr : process.stdout).write(bytes);
  }
}

function writeToOwn(descriptor: number, bytes: Uint8Array): void {
  const own = openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK);
  try {
    writeSync(own, bytes);
  } finally {
    closeSync(own);
  }
}

/** Writes to standard error if that is possible without waiting; it may be where nobody reads standard output. */
export function writeErrors(text: string): void {
  const bytes = Buffer.from(text);
  if (mayStall(STANDARD_ERROR)) writeIfRoom(STANDARD_ERROR, bytes);
  // A file opened once more has a place of its own: whoever goes on in the same one, as a script does, would write over it.
  else writeAtOnce(STANDARD_ERROR, bytes);
}
