import type { Document } from './document';

/** A document that is kept only as long as the app runs, for the demo. */
export function memoryDocument<T>(initial: T): Document<T> {
  let value = initial;
  return {
    get value() {
      return value;
    },
    save(next) {
      value = structuredClone(next);
      return Promise.resolve();
    },
  };
}

/** A document of which the disk has only what `lasting` leaves; the rest is kept as long as the app runs. */
export function partlyLasting<T>(document: Document<T>, lasting: (value: T) => T): Document<T> {
  let value = lasting(document.value);
  return {
    get value() {
      return value;
    },
    async save(next) {
      await document.save(lasting(next));
      value = structuredClone(next);
    },
  };
}
