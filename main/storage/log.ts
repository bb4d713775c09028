import type { DocumentProblem } from './load';

/** One line of a log. */
export interface Line<T> {
  /** Its place in the order in which lines were added. */
  readonly n: number;
  readonly value: T;
  /** What it takes on disk. */
  readonly bytes: number;
}

/** Values that are added one by one, and kept until they are dropped. */
export interface Log<T> {
  /** What was there when it was opened, oldest first. */
  readonly loaded: readonly Line<T>[];
  /** What was wrong with it when it was opened. */
  readonly problem?: Pick<DocumentProblem, 'message'>;
  /** Takes the value; the next `flush` writes it. */
  add(value: T): Line<T>;
  /** The line is not needed any more; its place on disk is used again at some time. */
  drop(line: Line<T>): void;
  /**
   * Resolves when everything that was added is durably on disk.
   * @throws StorageError; what is missing there is written by the next flush
   */
  flush(): Promise<void>;
  /** Resolves when nothing of what was dropped is on disk any more. @throws StorageError */
  purge(): Promise<void>;
  /** Lets go of the files; a later flush opens new ones. */
  close(): Promise<void>;
}

const encoder = new TextEncoder();

/** A line as it is written, with the line feed. */
export const encodeLine = (n: number, value: unknown): Uint8Array => encoder.encode(`${JSON.stringify({ n, value })}\n`);

/** A log that is kept only as long as the app runs, for the demo. */
export function memoryLog<T>(): Log<T> {
  let last = 0;
  return {
    loaded: [],
    add(value) {
      last += 1;
      return { n: last, value, bytes: encodeLine(last, value).length };
    },
    drop: () => undefined,
    flush: () => Promise.resolve(),
    purge: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
