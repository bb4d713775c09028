/**
 * What a simulated guest has used up to `uptimeMs` after its boot: it swings around a mean, and only grows. Bytes, and
 * ms of CPU time.
 */
const grown = (uptimeMs: number, perMs: number, periodMs: number): number => {
  const turn = uptimeMs / periodMs;
  return perMs * periodMs * (turn - 0.9 * Math.sin(turn));
};

export const bytesRead = (uptimeMs: number): number => Math.floor(grown(uptimeMs, 90, 6000));
export const bytesWritten = (uptimeMs: number): number => Math.floor(grown(uptimeMs, 35, 9000));
export const cpuTime = (uptimeMs: number, vcpus: number): number => grown(uptimeMs, 0.12 * vcpus, 7000);
