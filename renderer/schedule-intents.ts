import { call } from './bridge';
import type { ScheduleCommandName } from './commands';
import { scheduleCommands } from './commands';
import { openDialog, showRefusal } from './intents';
import { scheduleName } from './schedule-words';
import { windowStore } from './store';

/** What the user wants of a schedule, carried out. What main refuses is a notice. */

/** Names a schedule's row in the list of schedules. */
export const scheduleRowId = (scheduleId: string): string => `schedule/${scheduleId}`;

function labelFor(label: string, scheduleId: string): string {
  const schedule = windowStore.getState().view?.schedules[scheduleId];
  return schedule === undefined ? label : `${label}: ${scheduleName(schedule)}`;
}

function longLabel(command: ScheduleCommandName): string {
  const words = scheduleCommands[command];
  return words.longLabel ?? words.label;
}

export async function runScheduleCommand(scheduleId: string, command: ScheduleCommandName): Promise<void> {
  switch (command) {
    case 'edit':
      openDialog({ kind: 'schedule', scheduleId, target: null });
      return;
    case 'remove':
      openDialog({ kind: 'remove-schedule', scheduleId });
      return;
    case 'skip':
    case 'unskip': {
      const result = await call('skipNext', { scheduleId, skip: command === 'skip' });
      if (!result.ok) showRefusal(labelFor(longLabel(command), scheduleId), null, result.refusal);
      return;
    }
    case 'pause':
    case 'resume': {
      const result = await call('pauseSchedule', { scheduleId, paused: command === 'pause' });
      if (!result.ok) showRefusal(labelFor(longLabel(command), scheduleId), null, result.refusal);
      return;
    }
  }
}

/** What to do about a time that was missed. */
export async function answerMissed(scheduleId: string, answer: 'now' | 'skip'): Promise<void> {
  const result = await call('answerMissed', { scheduleId, answer });
  if (!result.ok) showRefusal(labelFor('Missed time', scheduleId), null, result.refusal);
}

/** Forgets a schedule; the dialog has asked before. */
export async function removeSchedule(scheduleId: string): Promise<void> {
  const label = labelFor(longLabel('remove'), scheduleId);
  const result = await call('removeSchedule', { scheduleId });
  if (!result.ok) showRefusal(label, null, result.refusal);
}
