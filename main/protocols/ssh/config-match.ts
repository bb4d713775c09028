import type { ConfigItem } from './config-file';
import type { ConfigLine } from './config-lines';
import { matchesHostList, matchesPatternList, matchesPatterns } from './patterns';

/** What Host and Match compare with; the last two as they are known at the line. */
export interface MatchSubject {
  /** The host as it was asked for. */
  readonly alias: string;
  readonly localUser: string;
  hostName(): string;
  user(): string;
}

export interface ActiveLines {
  /** Called for each line that applies, in order; not for Host and Match. */
  readonly apply: (line: ConfigLine) => void;
  /** Called for a Match that cannot be decided here; its block is passed over. */
  readonly undecided: (line: ConfigLine, why: string) => void;
}

/** Walks through the lines that apply to `subject` (OpenSSH readconf.c). */
export function walkActive(items: readonly ConfigItem[], subject: MatchSubject, lines: ActiveLines): void {
  let active = true;
  for (const item of items) {
    if (item.kind === 'included') {
      // A block ends with the file it is in, and an included file begins in the block that includes it.
      if (active) walkActive(item.items, subject, lines);
    } else if (item.line.keyword === 'host') active = matchesPatterns(subject.alias, item.line.words);
    else if (item.line.keyword === 'match') active = matches(item.line, subject, lines);
    else if (active) lines.apply(item.line);
  }
}

const COMMANDS = 'Reveille runs no commands to read the configuration; the block is passed over.';
const LATER = 'Reveille does not ask the configuration twice; the block is passed over.';
const UNKNOWN = 'Reveille does not know this condition; the block is passed over.';

function matches(line: ConfigLine, subject: MatchSubject, { undecided }: ActiveLines): boolean {
  const { words } = line;
  const results: boolean[] = [];
  const obstacles = words.length === 0 ? ['A Match names conditions.'] : [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const negated = word.startsWith('!');
    const criterion = (negated ? word.slice(1) : word).toLowerCase();
    if (criterion === 'all') {
      if (words.length > 1) obstacles.push('“all” stands alone in a Match; the block is passed over.');
      results.push(!negated);
    } else if (criterion === 'final' || criterion === 'canonical') obstacles.push(LATER);
    else {
      at += 1;
      const wanted = words[at];
      if (wanted === undefined || wanted === '') obstacles.push(`Nothing follows “${word}”.`);
      else {
        const found = compare(criterion, wanted, subject);
        if (found === null) obstacles.push(criterion === 'exec' ? COMMANDS : UNKNOWN);
        else results.push(found !== negated);
      }
    }
  }
  if (results.includes(false)) return false;
  const [obstacle] = obstacles;
  if (obstacle === undefined) return true;
  undecided(line, obstacle);
  return false;
}

/** null for a criterion that cannot be decided here. */
function compare(criterion: string, wanted: string, subject: MatchSubject): boolean | null {
  switch (criterion) {
    case 'host':
      return matchesHostList(subject.hostName(), wanted);
    case 'originalhost':
      return matchesHostList(subject.alias, wanted);
    case 'user':
      return matchesPatternList(subject.user(), wanted);
    case 'localuser':
      return matchesPatternList(subject.localUser, wanted);
    default:
      return null;
  }
}
