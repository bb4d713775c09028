import { describe, expect, it } from 'vitest';
import { createHistory } from '../../../main/history/history';
import { openHistoryLog } from '../../../main/history/open';
import { fakeClock } from '../../fakes/clock';
import { memoryFs } from '../../fakes/memory-fs';
import { entry, open } from './open-history';

describe('a history of the first version', () => {
  const former = (value: unknown) => JSON.stringify({ document: 'history', version: 1, value });
  const old = {
    nas: [
      { at: 1000, kind: 'action', text: 'Sleep', cause: 'user', failed: false },
      { at: 3000, kind: 'alarm', text: 'Woken by its alarm.', cause: 'timer', failed: false },
    ],
    web: [{ at: 2000, kind: 'state', text: 'Crashed', cause: 'guest', failed: true }],
  };

  it('is taken over once, with who did it, and its file is kept', async () => {
    const clock = fakeClock();
    const fs = memoryFs();
    fs.put('/p/history.json', former(old));
    fs.put('/p/history.json.bak', former({}));
    const history = await open(fs, clock);
    history.add('nas', entry('new'));
    await history.stop();
    expect(fs.text('/p/history-version-1.json')).toBe(former(old));
    expect(fs.paths().filter((path) => path.startsWith('/p/history.json'))).toEqual([]);
    for (const later of [history, await open(fs, clock), await open(fs.afterPowerLoss(0), clock)]) {
      expect(later.of('nas')).toEqual([
        expect.objectContaining({ text: 'new' }),
        { at: 3000, kind: 'alarm', text: 'Woken by its alarm.', actor: { kind: 'alarm', holder: 'app' }, failed: false },
        { at: 1000, kind: 'action', text: 'Sleep', actor: { kind: 'user' }, failed: false },
      ]);
      expect(later.of('web')).toHaveLength(1);
    }
  });

  it('is whole, each entry once, wherever the app or the power ended in between', async () => {
    for (let crashStep = 1; ; crashStep += 1) {
      const clock = fakeClock();
      const fs = memoryFs();
      fs.put('/p/history.json', former(old));
      fs.put('/p/history.json.bak', former({ nas: [] }));
      fs.fault = (step) => (step === crashStep ? 'crash' : undefined);
      await Promise.race([openHistoryLog({ dir: '/p', clock, fs }), fs.crashed]);
      for (const left of [fs.afterProcessEnd(), ...[0, 1, 2, 3].map((kept) => fs.afterPowerLoss(kept))]) {
        const log = await openHistoryLog({ dir: '/p', clock, fs: left });
        expect(log.problem).toBeUndefined();
        const history = createHistory({ clock, log, onProblem: () => undefined });
        expect(history.of('nas').map(({ at }) => at)).toEqual([3000, 1000]);
        expect(history.of('web').map(({ at }) => at)).toEqual([2000]);
      }
      if (!fs.isCrashed()) break;
    }
  });

  it('that cannot be put away is used all the same, and told', async () => {
    const clock = fakeClock();
    const fs = memoryFs();
    fs.put('/p/history.json', former(old));
    fs.fault = (_, operation) => (operation === 'create' ? 'ENOSPC' : undefined);
    const log = await openHistoryLog({ dir: '/p', clock, fs });
    expect(log.problem?.message).toMatch(/not put away yet.*disk is full/);
    const history = createHistory({ clock, log, onProblem: () => undefined });
    expect(history.of('nas')).toHaveLength(2);
    fs.fault = () => undefined;
    await history.stop();
    expect((await open(fs, clock)).of('nas')).toHaveLength(2);
    expect(fs.text('/p/history-version-1.json')).toBe(former(old));
  });
});
