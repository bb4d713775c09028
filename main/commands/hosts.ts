import type { Handlers, Stage } from './handlers';
import { refusing } from './tools';
import { RefusedError } from '../power/actions';

export function hostHandlers(stage: Stage): Pick<Handlers, 'listSshHosts' | 'testHost' | 'endTest' | 'addHost' | 'editHost' | 'setHostEnabled' | 'removeHost' | 'connectHost' | 'answerHostKey' | 'answerSecret'> {
  const { book, questions } = stage;
  return {
    listSshHosts: () => book.aliases(),
    testHost: ({ address }) => Promise.resolve({ testId: book.beginTest(address) }),
    endTest({ testId }) {
      book.endTest(testId);
      return Promise.resolve({});
    },
    addHost: async ({ address, name }) => ({ hostId: await book.add(address, name) }),
    async editHost({ hostId, address, name }) {
      await book.edit(hostId, address, name);
      return {};
    },
    async setHostEnabled({ hostId, enabled }) {
      await book.setEnabled(hostId, enabled);
      return {};
    },
    async removeHost({ hostId }) {
      await refusing(() => book.remove(hostId));
      return {};
    },
    async connectHost({ hostId }) {
      book.connect(hostId);
      return {};
    },
    async answerHostKey({ promptId, answer }) {
      return answered(questions.answerHostKey(promptId, answer));
    },
    async answerSecret({ promptId, answers, keep }) {
      return answered(questions.answerSecret(promptId, { answers, keep }));
    },
  };
}

function answered(open: boolean): Record<never, never> {
  if (open) return {};
  throw new RefusedError({
    code: 'unknown-question',
    message: 'The host no longer waits for this answer.',
    remedy: 'Connect again to be asked again.',
  });
}
