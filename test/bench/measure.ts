/** What one way took, each time, in ms. */
export interface Row {
  readonly label: string;
  readonly samples: readonly number[];
  /** The rows that follow are set beside this one; it need not be said of the first. */
  readonly isPeer?: boolean;
  /** It is to take at most so many times what the peer takes. */
  readonly atMost?: number;
}

export interface Way {
  readonly label: string;
  readonly isPeer?: boolean;
  readonly atMost?: number;
  /** Resolves when it is done; with what it took in ms, where that is not the whole time of the call. */
  run(): Promise<number | void>;
}

export interface Rounds {
  readonly rounds: number;
  /** Rounds before those that count. Default: 1. */
  readonly warmUp?: number;
}

/** Runs all ways once in each round. Each is the first in its turn, so that disturbances meet all alike. */
export async function interleaved(ways: readonly Way[], { rounds, warmUp = 1 }: Rounds): Promise<Row[]> {
  const rows = ways.map(({ run, ...way }) => ({ ...way, run, samples: [] as number[] }));
  for (let round = -warmUp; round < rounds; round += 1) {
    const first = Math.max(0, round) % rows.length;
    for (const { run, samples } of [...rows.slice(first), ...rows.slice(0, first)]) {
      const begin = performance.now();
      const told = await run();
      const took = told ?? performance.now() - begin;
      if (round >= 0) samples.push(took);
    }
  }
  return rows.map(({ run: _run, ...row }) => row);
}

/** The sample that `share` (0 to 1) of all are not above: nearest rank. @throws RangeError without samples */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return at(sorted, Math.max(0, Math.ceil(share * sorted.length) - 1));
}

/** The middle sample, or the mean of the two in the middle. @throws RangeError without samples */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return (at(sorted, Math.ceil(half) - 1) + at(sorted, Math.floor(half))) / 2;
}

function at(sorted: readonly number[], index: number): number {
  const found = sorted[index];
  if (found === undefined) throw new RangeError('Nothing was measured');
  return found;
}
