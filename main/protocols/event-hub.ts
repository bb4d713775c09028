const KEPT_EVENTS = 256;

export interface EventHub<E> {
  emit(event: E): void;
  /** The first listener gets the events that nobody heard (the newest 256). Returns the way to stop. */
  listen(listener: (event: E) => void): () => void;
}

/**
 * Hands events to listeners, in order. What a listener throws goes to `onListenerError`, or, without one,
 * becomes an uncaught exception; the other listeners get their event either way.
 */
export function eventHub<E>(onListenerError?: (error: unknown, event: E) => void): EventHub<E> {
  const listeners = new Set<(event: E) => void>();
  let unheard: E[] = [];

  const tell = (listener: (event: E) => void, event: E) => {
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
      const own = (event: E) => listener(event);
      listeners.add(own);
      const missed = unheard;
      unheard = [];
      for (const event of missed) tell(own, event);
      return () => void listeners.delete(own);
    },
  };
}
