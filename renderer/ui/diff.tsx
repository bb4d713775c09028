import type { MendingView } from '../../preload/contract/view';
import { cleanBlock } from '../text';

type DiffLine = MendingView['lines'][number];

const signs = { same: '\u00a0', removed: '\u2212', added: '+' } as const;
/** What is heard before a line that changes. */
const spoken = { same: '', removed: 'Removed: ', added: 'Added: ' } as const;

/** Changed lines of a text: told apart by their sign, by colour, and by a word for those who listen. */
export function Diff({ lines, label }: { lines: readonly DiffLine[]; label: string }) {
  return (
    <div className="code diff" tabIndex={0} role="group" aria-label={label}>
      {lines.map((line, place) => (
        <Line key={place} line={line} />
      ))}
    </div>
  );
}

function Line({ line }: { line: DiffLine }) {
  if (line.kind === 'skipped') {
    return <div className="diff-skipped">{line.count === 1 ? '1 line stays as it is' : `${line.count} lines stay as they are`}</div>;
  }
  return (
    <div className="diff-line" data-diff={line.kind}>
      <span className="diff-sign" aria-hidden="true">
        {signs[line.kind]}
      </span>
      {spoken[line.kind] === '' ? null : <span className="unseen">{spoken[line.kind]}</span>}
      <bdi>{cleanBlock(line.text)}</bdi>
    </div>
  );
}
