import { useEffect, useMemo } from 'react';
import { appCommands } from '../../commands';
import { runAppCommand } from '../../intents';
import { scheduleRowId } from '../../schedule-intents';
import { inOrder, searchSchedules } from '../../schedule-words';
import { setActiveRow, setSearch, useWindow } from '../../store';
import { Button } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { PageHead } from '../../ui/page-head';
import { Line } from '../../ui/untrusted';
import { onGridKey } from '../guests/grid-keys';
import { ScheduleRow } from './schedule-row';

/** What happens by itself, again and again. */
export function SchedulesPage() {
  const count = useWindow((state) => Object.keys(state.view?.schedules ?? {}).length);
  return (
    <div className="page">
      <PageHead title="Schedules">{count === 0 ? null : <NewButton look="plain" />}</PageHead>
      <div className="page-body">{count === 0 ? <NoSchedules /> : <Schedules />}</div>
    </div>
  );
}

function NewButton({ look }: { look: 'plain' | 'primary' }) {
  const { label, icon } = appCommands['add-schedule'];
  return (
    <Button look={look} icon={icon} onClick={() => void runAppCommand('add-schedule')}>
      {label}
    </Button>
  );
}

function NoSchedules() {
  return (
    <div className="empty">
      <span className="empty-mark">
        <Icon name="calendar" />
      </span>
      <h2>No schedules</h2>
      <p>
        A schedule puts guests to sleep and wakes them by itself: “Weekdays 23:30 to 07:00”. One can be made for guests, for a
        group, or for all guests of a host.
      </p>
      <NewButton look="primary" />
    </div>
  );
}

function Schedules() {
  const view = useWindow((state) => state.view);
  const search = useWindow((state) => state.search);
  const schedules = view?.schedules;
  const ordered = useMemo(() => inOrder(Object.values(schedules ?? {})), [schedules]);
  const shown = view === null ? [] : searchSchedules(ordered, view, search);
  const rowIds = shown.map(({ id }) => scheduleRowId(id));
  const activeShown = useWindow((state) => state.activeRowId !== null && rowIds.includes(state.activeRowId));
  const first = rowIds[0];
  useEffect(() => {
    if (!activeShown && first !== undefined) setActiveRow(first);
  }, [activeShown, first]);

  if (shown.length === 0) {
    return (
      <div className="empty">
        <h2>No schedule has these words</h2>
        <p>
          Searched: <Line text={search} />
        </p>
        <Button onClick={() => setSearch('')}>Show all schedules</Button>
      </div>
    );
  }
  return (
    <div role="grid" aria-label="Schedules" className="schedules" onKeyDown={onGridKey}>
      {shown.map((schedule) => (
        <ScheduleRow key={schedule.id} scheduleId={schedule.id} />
      ))}
    </div>
  );
}
