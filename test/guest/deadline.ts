/** A wait that ran out. */
export class DeadlineError extends Error {
  override name = 'DeadlineError';
}

/** Resolves with `promise`, or rejects with a DeadlineError naming `what` once `ms` milliseconds are over. */
export function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineError(`${what}: not within ${ms} ms`)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * Asks `probe` again and again until it answers something other than undefined.
 * @throws DeadlineError naming `what` once `ms` milliseconds have passed
 */
export async function until<T>(
  ms: number,
  what: string | (() => string),
  probe: () => T | undefined | Promise<T | undefined>,
  everyMs = 20,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined) return answer;
    if (performance.now() > end)
      throw new DeadlineError(`${typeof what === 'string' ? what : what()}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
