import type { Handlers, Stage } from './handlers';

export function appHandlers(stage: Stage): Pick<Handlers, 'getSnapshot' | 'dismissNotice' | 'openDemo' | 'closeDemo'> {
  return {
    getSnapshot: () => Promise.resolve(stage.snapshot()),
    dismissNotice({ noticeId }) {
      stage.dismissNotice(noticeId);
      return Promise.resolve({});
    },
    async openDemo() {
      await stage.openDemo();
      return {};
    },
    async closeDemo() {
      await stage.closeDemo();
      return {};
    },
  };
}
