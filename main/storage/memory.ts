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
