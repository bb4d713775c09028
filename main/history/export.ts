import type { Actor } from '../power/actor';
import type { HistoryEntry, History, Stretch } from './history';

/** A guest or a host whose history is exported. */
export interface Exported {
  readonly id: string;
  readonly name: string;
  /** `gone`: not on the list any more. */
  readonly kind: 'guest' | 'host' | 'gone';
  /** The name of a guest's host; empty for a host. */
  readonly host: string;
  readonly entries: readonly HistoryEntry[];
  readonly stretches: readonly Stretch[];
}

/** All that is kept of a subject, from the first that is known of it. */
export function exportedOf(history: History, subject: Pick<Exported, 'id' | 'name' | 'kind' | 'host'>, now: number): Exported {
  const { entries, stretches } = history.timeline(subject.id, 0, now + 1);
  return { ...subject, entries, stretches: stretches[0]?.from === 0 && stretches[0].state === 'unknown' ? stretches.slice(1) : stretches };
}

const columns = ['time', 'until', 'name', 'kind', 'host', 'id', 'record', 'state', 'known by', 'who', 'who in detail', 'text', 'failed'];

/** A table by RFC 4180, in UTF-8: a line for each entry and each stretch of time in one state, in the order of time. */
export function historyCsv(subjects: readonly Exported[]): Uint8Array {
  const rows = subjects.flatMap((subject) => [
    ...subject.stretches.map((stretch) => ({ at: stretch.from, cells: stretchCells(subject, stretch) })),
    ...subject.entries.map((entry) => ({ at: entry.at, cells: entryCells(subject, entry) })),
  ]);
  rows.sort((a, b) => a.at - b.at);
  return new TextEncoder().encode([columns, ...rows.map(({ cells }) => cells)].map((cells) => `${cells.map(cell).join(',')}\r\n`).join(''));
}

/** The same as one JSON document; times by ISO 8601 in UTC. */
export function historyJson(subjects: readonly Exported[], now: number): Uint8Array {
  const value = {
    format: 'reveille-history',
    version: 1,
    exported: instant(now),
    subjects: subjects.map(({ id, name, kind, host, entries, stretches }) => ({
      id,
      name,
      kind,
      host,
      states: stretches.map(({ from, to, ...rest }) => ({ from: instant(from), to: instant(to), ...rest })),
      entries: entries.map(({ at, ...rest }) => ({ at: instant(at), ...rest })),
    })),
  };
  return new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`);
}

const instant = (at: number): string => new Date(at).toISOString();

const stretchCells = ({ name, kind, host, id }: Exported, { from, to, state, source, cause }: Stretch): string[] => [
  ...[instant(from), instant(to), name, kind, host, id],
  ...['stretch', state, source, cause, '', '', ''],
];

const entryCells = ({ name, kind, host, id }: Exported, entry: HistoryEntry): string[] => [
  ...[instant(entry.at), '', name, kind, host, id],
  ...[entry.kind, '', '', entry.actor.kind, detailOf(entry.actor), entry.text, entry.failed ? 'yes' : 'no'],
];

const detailOf = (actor: Actor): string => (actor.kind === 'schedule' ? actor.name : actor.kind === 'alarm' ? actor.holder : '');

/**
 * What a spreadsheet would take for a formula: at the beginning of a cell, and where one begins for a spreadsheet whose
 * separator is another. The last four are the full-width forms that some take for the same.
 */
const formula = /(^|[;\t\r\n])([\s\0]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/** Text that guests and hosts chose stays text: an apostrophe goes before what would be a formula. */
function cell(text: string): string {
  const harmless = text.replace(formula, "$1$2'");
  return /^\s|[",;\r\n\t]|\s$/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
