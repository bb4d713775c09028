import type { KeyboardEvent } from 'react';
import { useId } from 'react';
import type { ScheduleView } from '../../../preload/contract/schedules';
import type { ScheduleCommandName } from '../../commands';
import { offeredScheduleCommands, scheduleCommands } from '../../commands';
import { answerMissed, runScheduleCommand, scheduleRowId } from '../../schedule-intents';
import { actionWords, conditionWords, scheduleName, targetWords } from '../../schedule-words';
import { setActiveRow, useWindow } from '../../store';
import { cleanLine } from '../../text';
import { Button, IconButton } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { Moment } from '../../ui/times';
import { Block, Line } from '../../ui/untrusted';
import { CannotSleepWords, useCannotSleep } from './cannot-sleep';
import { NextTime } from './next-time';

/** One schedule: what it is called, whom it is about, when it is next, and what can be done with it. */
export function ScheduleRow({ scheduleId }: { scheduleId: string }) {
  const schedule = useWindow((state) => state.view?.schedules[scheduleId]);
  const rowId = scheduleRowId(scheduleId);
  const active = useWindow((state) => state.activeRowId === rowId);
  const id = useId();
  if (schedule === undefined) return null;
  const name = scheduleName(schedule);
  const tabIndex = active ? 0 : -1;
  const edit = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.target !== event.currentTarget) return;
    event.preventDefault();
    void runScheduleCommand(scheduleId, 'edit');
  };
  return (
    <div
      role="row"
      aria-label={name}
      aria-describedby={`${id}-target ${id}-next`}
      className="schedule-row"
      data-row={rowId}
      data-paused={schedule.paused}
      data-waits={schedule.missed !== null || schedule.problem !== undefined}
      tabIndex={tabIndex}
      onFocus={() => setActiveRow(rowId)}
      onKeyDown={edit}
    >
      <div role="gridcell" className="schedule-name">
        <span className="state-mark" data-mark={schedule.problem === undefined ? (schedule.paused ? 'paused' : 'on') : 'problem'}>
          <Icon name={schedule.problem === undefined ? (schedule.paused ? 'pause' : 'calendar') : 'crash'} />
        </span>
        <span className="schedule-words">
          <Line text={name} className="guest-name" />
          <Rule schedule={schedule} name={name} />
        </span>
      </div>
      <div role="gridcell" className="schedule-target" id={`${id}-target`}>
        <Target schedule={schedule} />
      </div>
      <div role="gridcell" className="schedule-next" id={`${id}-next`}>
        <NextTime schedule={schedule} />
      </div>
      <div role="gridcell" className="schedule-buttons">
        {offeredScheduleCommands(schedule).map((command) => (
          <CommandButton key={command} scheduleId={scheduleId} command={command} tabIndex={tabIndex} />
        ))}
      </div>
      <Waits schedule={schedule} tabIndex={tabIndex} />
    </div>
  );
}

function Target({ schedule }: { schedule: ScheduleView }) {
  const words = useWindow((state) => (state.view === null ? '' : targetWords(schedule.draft.target, state.view)));
  return <Line text={words} />;
}

/** What it does, under its name; a schedule without a name is called by its rule already. */
function Rule({ schedule, name }: { schedule: ScheduleView; name: string }) {
  const { draft, text } = schedule;
  const parts = [
    cleanLine(text) === name ? '' : text,
    draft.action === 'suspend' ? '' : actionWords[draft.action],
    ...conditionWords(draft),
  ].filter((part) => part !== '');
  return parts.length === 0 ? null : <Line text={parts.join(' · ')} className="schedule-rule" />;
}

interface CommandButtonProps {
  scheduleId: string;
  command: ScheduleCommandName;
  tabIndex: number;
}

function CommandButton({ scheduleId, command, tabIndex }: CommandButtonProps) {
  const { label, icon } = scheduleCommands[command];
  const run = () => void runScheduleCommand(scheduleId, command);
  if (command === 'edit' || command === 'remove') {
    return <IconButton icon={icon} label={label} tabIndex={tabIndex} onClick={run} />;
  }
  return (
    <Button look="quiet" icon={icon} tabIndex={tabIndex} onClick={run}>
      {label}
    </Button>
  );
}

/** What the user has to see to: a time that was missed, a schedule that can do nothing. */
function Waits({ schedule: { id, draft, paused, missed, problem }, tabIndex }: { schedule: ScheduleView; tabIndex: number }) {
  const cannot = useCannotSleep(draft);
  if (missed === null && problem === undefined && (paused || cannot.length === 0)) return null;
  return (
    <div role="gridcell" className="schedule-waits">
      {problem === undefined ? null : (
        <p className="refused">
          <Block text={problem} />
        </p>
      )}
      {paused ? null : <CannotSleepWords words={cannot} />}
      {missed === null ? null : (
        <p className="schedule-missed">
          <Icon name="clock" />
          <span>
            The {missed.what} of <Moment at={missed.at} /> was missed.
          </span>
          <Button tabIndex={tabIndex} icon={missed.what === 'sleep' ? 'moon' : 'sun'} onClick={() => void answerMissed(id, 'now')}>
            {missed.what === 'sleep' ? 'Sleep now' : 'Wake now'}
          </Button>
          <Button look="quiet" tabIndex={tabIndex} onClick={() => void answerMissed(id, 'skip')}>
            Skip
          </Button>
        </p>
      )}
    </div>
  );
}
