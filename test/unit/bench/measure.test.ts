import { expect, test } from 'vitest';
import { interleaved, median, quantile } from '../../bench/measure';
import { tableOf } from '../../bench/report';

test('the median and other quantiles are of the sorted samples', () => {
  expect(median([10, 9, 1])).toBe(9);
  expect(median([10, 2, 100, 4])).toBe(7);
  const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect(quantile(hundred, 0.95)).toBe(95);
  expect(quantile([3], 0.95)).toBe(3);
  expect(() => median([])).toThrow(RangeError);
});

test('ways take turns at being the first, after a warm-up that does not count', async () => {
  const order: string[] = [];
  const way = (label: string) => ({ label, run: async () => order.push(label) });
  const rows = await interleaved([way('a'), way('b')], { rounds: 3, warmUp: 1 });
  expect(order.join('')).toBe('ababbaab');
  // What a way tells is what it took.
  expect(rows).toEqual([
    { label: 'a', samples: [3, 6, 7] },
    { label: 'b', samples: [4, 5, 8] },
  ]);
});

test('a way that tells nothing is timed', async () => {
  const wait = () => new Promise<void>((resolve) => setTimeout(resolve, 20));
  const [row] = await interleaved([{ label: 'wait', run: wait }], { rounds: 1 });
  expect(row?.samples[0]).toBeGreaterThan(15);
});

test('a table sets all beside their peer, and says whether they keep their limit', () => {
  const rows = [
    { label: 'peer', samples: [1, 2, 3] },
    { label: 'kept', samples: [4, 4, 4], atMost: 2 },
    { label: 'not kept', samples: [1, 42, 43], atMost: 20 },
    { label: 'next peer', samples: [10], isPeer: true },
    { label: 'half', samples: [5] },
    { label: 'little', samples: [0.123] },
  ];
  expect(tableOf('Title', rows).split('\n')).toEqual([
    'Title',
    '             median ms  p95 ms  n  ratio',
    '  peer            2.00    3.00  3   1.00',
    '  kept            4.00    4.00  3   2.00  at most 2: yes',
    '  not kept       42.00   43.00  3     21  at most 20: NO',
    '  next peer      10.00   10.00  1   1.00',
    '  half            5.00    5.00  1   0.50',
    '  little         0.123   0.123  1  0.012',
    '',
  ]);
});
