/** Runs what is asked of one guest one after the other, in the order it was asked. */
export interface SerialQueue {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** How many wait behind the one that runs. */
  readonly waiting: number;
}

export function createQueue(): SerialQueue {
  let tail: Promise<unknown> = Promise.resolve();
  let unfinished = 0;
  return {
    get waiting() {
      return Math.max(0, unfinished - 1);
    },
    run(work) {
      unfinished += 1;
      const done = tail.then(work).finally(() => {
        unfinished -= 1;
      });
      tail = done.catch(() => undefined);
      return done;
    },
  };
}
