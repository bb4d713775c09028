import type { Handlers, Stage } from './handlers';
import { refusing } from './tools';
import { ruleInWords } from '../power/schedule-words';

export function scheduleHandlers({
  planning,
}: Stage): Pick<
  Handlers,
  'readSchedule' | 'saveSchedule' | 'removeSchedule' | 'pauseSchedule' | 'skipNext' | 'answerMissed' | 'endGrace'
> {
  return {
    async readSchedule({ draft }) {
      const next = planning.schedules.read(draft);
      return { text: ruleInWords(draft.rule), next };
    },
    saveSchedule: async ({ scheduleId, draft }) => ({
      scheduleId: await refusing(() => planning.schedules.save(scheduleId, draft)),
    }),
    async removeSchedule({ scheduleId }) {
      await refusing(() => planning.schedules.remove(scheduleId));
      return {};
    },
    async pauseSchedule({ scheduleId, paused }) {
      await refusing(() => planning.schedules.pause(scheduleId, paused));
      return {};
    },
    async skipNext({ scheduleId, skip }) {
      await refusing(() => planning.schedules.skipNext(scheduleId, skip));
      return {};
    },
    async answerMissed({ scheduleId, answer }) {
      await refusing(() => planning.schedules.answerMissed(scheduleId, answer));
      return {};
    },
    async endGrace({ graceId, how }) {
      planning.schedules.endGrace(graceId, how);
      return {};
    },
  };
}
