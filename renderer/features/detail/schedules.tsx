import { useMemo } from 'react';
import type { GuestView } from '../../../preload/contract/view';
import { entryCommands } from '../../commands';
import { runEntryCommand } from '../../intents';
import { runScheduleCommand } from '../../schedule-intents';
import { inOrder, isAbout, scheduleName } from '../../schedule-words';
import { useWindow } from '../../store';
import { Button, IconButton } from '../../ui/button';
import { Line } from '../../ui/untrusted';
import { NextTime } from '../schedules/next-time';

/** The schedules that this guest has, by itself, with its group or with its host. */
export function GuestSchedules({ guest }: { guest: GuestView }) {
  const view = useWindow((state) => state.view);
  const mine = useMemo(
    () => (view === null ? [] : inOrder(Object.values(view.schedules).filter((schedule) => isAbout(schedule, guest.id, view)))),
    [view, guest.id],
  );
  const { label, icon } = entryCommands.schedule;
  return (
    <section aria-labelledby="schedules-heading">
      <div className="section-head">
        <h3 id="schedules-heading">Schedules</h3>
        <Button look="quiet" icon={icon} onClick={() => void runEntryCommand(guest.id, 'schedule')}>
          {label}
        </Button>
      </div>
      {mine.length === 0 ? <p className="missing">None: it sleeps and wakes when it is told to.</p> : null}
      <ul className="guest-schedules">
        {mine.map((schedule) => (
          <li key={schedule.id}>
            <span className="guest-schedule-words">
              <Line text={scheduleName(schedule)} className="guest-schedule-name" />
              <NextTime schedule={schedule} />
            </span>
            <IconButton
              icon="pencil"
              label={`Edit schedule ${scheduleName(schedule)}`}
              onClick={() => void runScheduleCommand(schedule.id, 'edit')}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
