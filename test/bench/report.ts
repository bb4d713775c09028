import { median, quantile, type Row } from './measure';

/** A table for people: each row beside its peer. */
export function tableOf(title: string, rows: readonly Row[]): string {
  let [peer] = rows;
  const cells = rows.map((row) => {
    const { label, samples, atMost } = row;
    if (row.isPeer === true || !peer) peer = row;
    const ratio = median(samples) / median(peer.samples);
    return [
      label,
      milliseconds(median(samples)),
      milliseconds(quantile(samples, 0.95)),
      String(samples.length),
      ratio < 0.1 ? ratio.toPrecision(2) : ratio.toFixed(ratio < 10 ? 2 : 0),
      atMost === undefined ? '' : ratio <= atMost ? `at most ${atMost}: yes` : `at most ${atMost}: NO`,
    ];
  });
  const head = ['', 'median ms', 'p95 ms', 'n', 'ratio', ''];
  const lines = [head, ...cells];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const padded = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!);
  return `${title}\n${lines.map((line) => `  ${line.map(padded).join('  ').trimEnd()}\n`).join('')}`;
}

const milliseconds = (ms: number): string => ms.toFixed(ms < 1 ? 3 : ms < 100 ? 2 : 0);
