import type { QmpEvent } from './schema';

const KEPT_EVENTS = 256;

export interface QmpEventHub {
  emit(event: QmpEvent): void;
  /** The first listener gets the events that nobody heard. Returns the way to stop. */
  listen(listener: (event: QmpEvent) => void): () => void;
}

/**
 * Hands events to listeners, in order. What a listener throws goes to `onListenerError`, or, without one,
 * becomes an uncaught exception; the other listeners get their event either way.
 */
export function qmpEventHub(onListenerError?: (error: unknown, event: QmpEvent) => void): QmpEventHub {
  const listeners = new Set<(event: QmpEvent) => void>();
  let unheard: QmpEvent[] = [];

  const tell = (listener: (event: QmpEvent) => void, event: QmpEvent) => {
    try {
      listener(event);
    } catch (error) {
      if (onListenerError) onListenerError(error, event);
      else {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  };

  return {
    emit(event) {
      if (listeners.size === 0) {
        unheard.push(event);
        if (unheard.length > KEPT_EVENTS) unheard.shift();
        return;
      }
      for (const listener of [...listeners]) tell(listener, event);
    },
    listen(listener) {
      // Each registration counts, even of the same function.
      const own = (event: QmpEvent) => listener(event);
      listeners.add(own);
      const missed = unheard;
      unheard = [];
      for (const event of missed) tell(own, event);
      return () => void listeners.delete(own);
    },
  };
}
