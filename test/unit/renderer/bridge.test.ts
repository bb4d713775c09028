import { describe, expect, it } from 'vitest';
import type { Patch, Snapshot } from '../../../preload/contract/view';
import type { SyncPort } from '../../../renderer/bridge';
import { followView } from '../../../renderer/bridge';
import { snapshotOf } from '../../fakes/views';

/** A port whose answers and delays the test hands out. */
function handPort() {
  const answers: ((snapshot: Snapshot | null) => void)[] = [];
  const delayed: { ms: number; task: () => void }[] = [];
  let listener: ((patch: Patch) => void) | null = null;
  const port: SyncPort = {
    onPatch: (next) => {
      listener = next;
      return () => {
        listener = null;
      };
    },
    getSnapshot: () => new Promise((resolve) => answers.push(resolve)),
    later: (ms, task) => delayed.push({ ms, task }),
  };
  return {
    port,
    delayed,
    asked: () => answers.length,
    answer: async (snapshot: Snapshot | null) => {
      answers.shift()?.(snapshot);
      await Promise.resolve();
      await Promise.resolve();
    },
    patch: (revision: number, epoch = 'epoch-1') => listener?.({ epoch, revision }),
    listening: () => listener !== null,
    runDelayed: () => delayed.splice(0).forEach(({ task }) => task()),
  };
}

function follow() {
  const hand = handPort();
  const shown: number[] = [];
  let lost = 0;
  const stop = followView(
    hand.port,
    (view) => shown.push(view.revision),
    () => {
      lost += 1;
    },
  );
  return { hand, shown, lost: () => lost, stop };
}

describe('followView', () => {
  it('asks at once, shows the snapshot, then every patch', async () => {
    const { hand, shown } = follow();
    expect(hand.asked()).toBe(1);
    hand.patch(1);
    await hand.answer(snapshotOf({ revision: 0 }));
    hand.patch(2);
    expect(shown).toEqual([1, 2]);
    expect(hand.asked()).toBe(0);
  });

  it('asks at once after a gap and shows nothing half', async () => {
    const { hand, shown } = follow();
    await hand.answer(snapshotOf({ revision: 0 }));
    hand.patch(3);
    hand.patch(4);
    expect(hand.asked()).toBe(1);
    expect(shown).toEqual([0]);
    await hand.answer(snapshotOf({ revision: 4 }));
    expect(shown).toEqual([0, 4]);
  });

  it('slows down when the answers do not close the gap', async () => {
    const { hand } = follow();
    await hand.answer(snapshotOf({ revision: 0 }));
    hand.patch(9, 'epoch-2');
    for (const ms of [100, 200, 400]) {
      hand.patch(10, 'epoch-2');
      await hand.answer(snapshotOf({ revision: 1 }));
      expect(hand.delayed.map((delay) => delay.ms)).toEqual([ms]);
      hand.runDelayed();
    }
  });

  it('tries again while main does not answer, and says once that it is lost', async () => {
    const { hand, shown, lost } = follow();
    for (const ms of [200, 400, 800, 1600, 3200, 5000, 5000]) {
      await hand.answer(null);
      expect(hand.delayed.map((delay) => delay.ms)).toEqual([ms]);
      hand.runDelayed();
    }
    expect(lost()).toBe(1);
    await hand.answer(snapshotOf({ revision: 7 }));
    expect(shown).toEqual([7]);
  });

  it('stops', async () => {
    const { hand, shown, stop } = follow();
    stop();
    await hand.answer(snapshotOf());
    expect(shown).toEqual([]);
    expect(hand.listening()).toBe(false);
  });
});
