import { RefusedError } from '../power/actions';
import type { Handlers, Stage } from './handlers';

export function settingsHandlers({
  settings,
  quit,
  updates,
}: Stage): Pick<Handlers, 'changeSettings' | 'answerQuit' | 'lookForUpdate' | 'installUpdate'> {
  return {
    async changeSettings(to) {
      await settings.change(to);
      if (to.updates !== undefined) updates.choiceChanged();
      return {};
    },
    async lookForUpdate() {
      await updates.look();
      return {};
    },
    async installUpdate() {
      updates.install();
      return {};
    },
    answerQuit({ promptId, answer }) {
      if (quit.answer(promptId, answer)) return Promise.resolve({});
      return Promise.reject(
        new RefusedError({ code: 'unknown-question', message: 'Nobody waits for this answer any more.', remedy: 'Quit again to be asked again.' }),
      );
    },
  };
}
