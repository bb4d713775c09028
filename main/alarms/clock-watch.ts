import type { Clock } from '../clock';

/** Smaller differences between the two clocks are drift and rounding. */
export const CLOCK_STEP_MS = 2_000;

/**
 * Notices that the wall clock was set, or that this computer slept.
 * @returns a function that tells by how many ms the wall clock moved more (or less) than time passed since
 *   its last call; 0 for up to 2 s
 */
export function watchClock(clock: Clock): () => number {
  let wall = clock.now();
  let monotonic = clock.monotonic();
  return () => {
    const [wallBefore, monotonicBefore] = [wall, monotonic];
    wall = clock.now();
    monotonic = clock.monotonic();
    const step = wall - wallBefore - (monotonic - monotonicBefore);
    return Math.abs(step) > CLOCK_STEP_MS ? step : 0;
  };
}
