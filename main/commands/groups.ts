import type { Handlers, Stage } from './handlers';
import { type Tools, refusing } from './tools';

export function groupHandlers(
  { planning }: Stage,
  { when }: Tools,
): Pick<Handlers, 'setPowerStates' | 'cancelRun' | 'dismissRun' | 'saveGroup' | 'removeGroup'> {
  return {
    setPowerStates: async ({ target, action, for: text, alarm }) => {
      const request = { action, when: when(text ?? '').when, alarm: alarm ?? 'auto' } as const;
      return { runId: planning.runs.begin(planning.targets.resolve(target), request) };
    },
    async cancelRun({ runId }) {
      planning.runs.cancel(runId);
      return {};
    },
    async dismissRun({ runId }) {
      planning.runs.dismiss(runId);
      return {};
    },
    saveGroup: async ({ groupId, draft }) => ({ groupId: await refusing(() => planning.groups.save(groupId, draft)) }),
    async removeGroup({ groupId }) {
      await refusing(() => planning.groups.remove(groupId));
      return {};
    },
  };
}
