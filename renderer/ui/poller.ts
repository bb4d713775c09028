/** Asks again and again, one question at a time. */
export interface Poller {
  /** Asks at once, unless an answer is on its way. */
  askNow(): void;
  /** Nothing is asked or told any more. */
  stop(): void;
}

export interface PollerOptions<T> {
  /** Must not reject. */
  ask: () => Promise<T>;
  /** From an answer to the next question, in ms. */
  everyMs: number;
  /** Whether to ask again by itself after this answer. */
  goesOn: (answer: T) => boolean;
  onAnswer: (answer: T) => void;
  /** Runs `task` after `ms` milliseconds; returns what cancels it. */
  after: (ms: number, task: () => void) => () => void;
}

/** Asks at once, and `everyMs` after each answer: a slow answer delays the next question. */
export function startPoller<T>({ ask, everyMs, goesOn, onAnswer, after }: PollerOptions<T>): Poller {
  let stopped = false;
  let asking = false;
  let cancel = () => {};

  const askNow = () => {
    if (stopped || asking) return;
    cancel();
    asking = true;
    void ask().then((answer) => {
      asking = false;
      if (stopped) return;
      if (goesOn(answer)) cancel = after(everyMs, askNow);
      onAnswer(answer);
    });
  };
  askNow();
  return {
    askNow,
    stop() {
      stopped = true;
      cancel();
    },
  };
}
