/** One line of a difference; `skipped` stands for lines that are the same and are left out. */
export type DiffLine =
  | { readonly kind: 'same' | 'removed' | 'added'; readonly text: string }
  | { readonly kind: 'skipped'; readonly count: number };

/** Lines that stay and are shown around those that change. */
const CONTEXT = 3;
/** Cells of the table that finds what the changed parts have in common; beyond it they are shown as replaced. */
const MAX_CELLS = 1_000_000;

/** The lines by which two texts differ, with a few lines around them; empty when they do not. */
export function lineDiff(before: string, after: string): DiffLine[] {
  if (before === after) return [];
  const old = linesOf(before);
  const fresh = linesOf(after);
  const shorter = Math.min(old.length, fresh.length);
  let head = 0;
  while (head < shorter && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail += 1;
  const same = (lines: readonly string[]) => lines.map((text): DiffLine => ({ kind: 'same', text }));
  return shortened([
    ...same(old.slice(0, head)),
    ...changed(old.slice(head, old.length - tail), fresh.slice(head, fresh.length - tail)),
    ...same(old.slice(old.length - tail)),
  ]);
}

/** A final newline ends the last line and begins none. */
const linesOf = (text: string): string[] => text.replace(/\n$/, '').split(/\r?\n/);

/** By a longest common subsequence. */
function changed(old: readonly string[], fresh: readonly string[]): DiffLine[] {
  const width = fresh.length + 1;
  const isSmall = (old.length + 1) * width <= MAX_CELLS;
  /** How many lines the rest of both have in common, from line `i` of the old and line `j` of the new on. */
  const common = new Uint32Array(isSmall ? (old.length + 1) * width : 0);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = old.length - 1; isSmall && i >= 0; i -= 1) {
    for (let j = fresh.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = old[i] === fresh[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < fresh.length) {
    const [left, right] = [old[i], fresh[j]];
    if (isSmall && left !== undefined && left === right) {
      lines.push({ kind: 'same', text: left });
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ kind: 'removed', text: left });
      i += 1;
    } else {
      lines.push({ kind: 'added', text: right ?? '' });
      j += 1;
    }
  }
  return lines;
}

/** Leaves out what is far from any change. */
function shortened(lines: readonly DiffLine[]): DiffLine[] {
  const changes = lines.flatMap(({ kind }, place) => (kind === 'same' ? [] : [place]));
  const near = new Set(
    changes.flatMap((place) => Array.from({ length: 2 * CONTEXT + 1 }, (_, step) => place - CONTEXT + step)),
  );
  const kept: DiffLine[] = [];
  lines.forEach((line, place) => {
    if (near.has(place)) kept.push(line);
    else {
      const last = kept.at(-1);
      const count = last?.kind === 'skipped' ? last.count : 0;
      if (count > 0) kept.pop();
      kept.push({ kind: 'skipped', count: count + 1 });
    }
  });
  return kept;
}
