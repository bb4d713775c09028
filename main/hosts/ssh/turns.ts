/**
 * Resolves when nobody else is at `subject`; the caller has its turn then, until it calls what is returned or
 * `withdrawn` is aborted.
 */
export type Turns = (subject: string, withdrawn: AbortSignal) => Promise<() => void>;

/** In the order of those who come. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  return async (subject, withdrawn) => {
    const before = last.get(subject) ?? Promise.resolve();
    let done = () => {};
    const mine = new Promise<void>((resolve) => (done = resolve));
    if (withdrawn.aborted) done();
    else withdrawn.addEventListener('abort', done, { once: true });
    const all = before.then(() => mine);
    last.set(subject, all);
    void all.then(() => {
      withdrawn.removeEventListener('abort', done);
      if (last.get(subject) === all) last.delete(subject);
    });
    await Promise.race([before, mine]);
    return done;
  };
}
