import { exportedOf, historyCsv, historyJson, type Exported } from '../history/export';
import type { History } from '../history/history';
import type { Handlers, Stage } from './handlers';
import { refusing, type Tools } from './tools';

type Subject = Pick<Exported, 'id' | 'name' | 'kind' | 'host'> & { readonly history: History };

export function historyHandlers(
  stage: Pick<Stage, 'clock' | 'fleets' | 'saveFile'>,
  { find }: Pick<Tools, 'find'>,
): Pick<Handlers, 'guestHistory' | 'readTimeline' | 'exportHistory'> {
  /** Each host before its guests. */
  const listed = (): Subject[] =>
    stage.fleets().flatMap(({ hosts, guests, history }) =>
      hosts().flatMap(({ id: hostId, name: host }): Subject[] => [
        { id: hostId, name: host, kind: 'host', host: '', history },
        ...guests()
          .filter((guest) => guest.hostId === hostId)
          .map(({ id, remembered: { name } }): Subject => ({ id, name, kind: 'guest', host, history })),
      ]),
    );

  /** What is kept of guests that their hosts do not know any more. */
  const gone = (known: readonly Subject[]): Subject[] => {
    const ids = new Set(known.map(({ id }) => id));
    return stage
      .fleets()
      .flatMap(({ history }) => history.subjects().map((id): Subject => ({ id, name: '', kind: 'gone', host: '', history })))
      .filter(({ id }) => !ids.has(id));
  };

  const chosen = (subjects: readonly Subject[], ids: readonly string[]): Subject[] => {
    if (ids.length === 0) return [...subjects];
    const byId = new Map(subjects.map((subject) => [subject.id, subject]));
    return ids.flatMap((id) => byId.get(id) ?? []);
  };

  return {
    guestHistory({ guestId }) {
      const { fleet } = find(guestId);
      return Promise.resolve([...fleet.history.of(guestId)]);
    },
    readTimeline({ ids, from, to }) {
      return Promise.resolve(
        chosen(listed(), ids).map(({ id, name, history }) => {
          const { stretches, entries } = history.timeline(id, from, to);
          return { id, name, segments: [...stretches], events: [...entries] };
        }),
      );
    },
    exportHistory: ({ ids, format }) =>
      refusing(async () => {
        const known = listed();
        const now = stage.clock.now();
        const subjects = chosen([...known, ...gone(known)], ids).map(({ history, ...subject }) => exportedOf(history, subject, now));
        const bytes = format === 'csv' ? historyCsv(subjects) : historyJson(subjects, now);
        return { path: await stage.saveFile(`reveille-history-${dayOf(now)}.${format}`, bytes) };
      }),
  };
}

/** The user's own day, as in file names: 2026-11-23. */
function dayOf(now: number): string {
  const day = new Date(now);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}
