import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GuestView, Patch, Snapshot } from '../../../preload/contract/view';
import type { Sync } from '../../../renderer/sync';
import { applyPatch, receivePatch, receiveSnapshot, unsynced } from '../../../renderer/sync';
import { graceView, groupView, runView, scheduleView } from '../../fakes/plan-views';
import { guestView, hostKeyPrompt, secretPrompt, snapshotOf } from '../../fakes/views';

const live = (view: Snapshot): Sync => receiveSnapshot(unsynced, view).sync;
const patchOf = (revision: number, guests: Record<string, GuestView | null>, epoch = 'epoch-1'): Patch => ({
  epoch,
  revision,
  guests,
});

describe('applyPatch', () => {
  it('puts, replaces and removes entities, and keeps the identity of the others', () => {
    const kept = guestView({ id: 'kept' });
    const view = snapshotOf({ guests: [kept, guestView({ id: 'old' }), guestView({ id: 'gone' })] });
    const changed = guestView({ id: 'old', name: 'new name' });
    const next = applyPatch(view, patchOf(1, { old: changed, gone: null, added: guestView({ id: 'added' }) }));
    expect(Object.keys(next.guests).sort()).toEqual(['added', 'kept', 'old']);
    expect(next.guests['kept']).toBe(kept);
    expect(next.guests['old']).toBe(changed);
    expect(next.hosts).toBe(view.hosts);
    expect(next.revision).toBe(1);
  });

  it('carries hosts, questions and connection tests, too', () => {
    const view = snapshotOf({ prompts: [hostKeyPrompt({ id: 'old' })] });
    const test = { id: 't', address: 'nas', steps: [], done: false };
    const added = secretPrompt({ id: 'new' });
    const patch = { epoch: 'epoch-1', revision: 1, prompts: { old: null, new: added }, tests: { t: test } };
    const next = applyPatch(view, patch);
    expect([next.prompts, next.tests]).toEqual([{ new: added }, { t: test }]);
    expect(next.guests).toBe(view.guests);
  });

  it('carries schedules, groups, runs and graces, too', () => {
    const view = snapshotOf({ schedules: [scheduleView({ id: 'old' })], groups: [groupView({ id: 'g' })] });
    const [run, grace, schedule] = [runView({ id: 'r', at: 1 }), graceView({ id: 'n', at: 2 }), scheduleView({ id: 'new' })];
    const patch = { epoch: 'epoch-1', revision: 1, schedules: { old: null, new: schedule }, runs: { r: run }, graces: { n: grace } };
    const next = applyPatch(view, patch);
    expect([next.schedules, next.runs, next.graces]).toEqual([{ new: schedule }, { r: run }, { n: grace }]);
    expect(next.groups).toBe(view.groups);
  });

  it('takes an id for an id, whatever it is called', () => {
    const guests = Object.fromEntries([['__proto__', guestView({ id: '__proto__' })]]);
    const patch = patchOf(1, guests);
    const next = applyPatch(snapshotOf(), patch);
    expect(Object.keys(next.guests)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(next.guests)).toBe(Object.prototype);
  });
});

describe('receivePatch', () => {
  const view = snapshotOf({ revision: 5 });

  it('applies the next revision', () => {
    const step = receivePatch(live(view), patchOf(6, { a: guestView({ id: 'a' }) }));
    expect(step.ask).toBe(false);
    expect(step.sync.view?.guests).toHaveProperty('a');
  });

  it('drops a revision that the snapshot had already', () => {
    const sync = live(view);
    expect(receivePatch(sync, patchOf(5, { a: guestView({ id: 'a' }) }))).toEqual({ sync, ask: false });
  });

  it('asks after a gap, once, and keeps what comes meanwhile', () => {
    const gap = receivePatch(live(view), patchOf(8, { a: guestView({ id: 'a' }) }));
    expect(gap.ask).toBe(true);
    const more = receivePatch(gap.sync, patchOf(9, { b: guestView({ id: 'b' }) }));
    expect(more.ask).toBe(false);
    expect(more.sync.view).toBe(view);
    const whole = receiveSnapshot(more.sync, snapshotOf({ revision: 8 }));
    expect(whole.ask).toBe(false);
    expect(whole.sync.view?.revision).toBe(9);
    expect(Object.keys(whole.sync.view?.guests ?? {})).toEqual(['b']);
  });

  it('is not led astray by a patch of the main before, which came while it was asking', () => {
    const late = receivePatch(unsynced, patchOf(3, {}, 'epoch-1'));
    const first = receiveSnapshot(late.sync, snapshotOf({ epoch: 'epoch-2' }));
    expect(first.ask).toBe(true);
    const second = receiveSnapshot(first.sync, snapshotOf({ epoch: 'epoch-2', revision: 1 }));
    expect(second).toMatchObject({ ask: false, sync: { waiting: null, view: { epoch: 'epoch-2', revision: 1 } } });
  });

  it('asks when main was started anew, though the revision would fit', () => {
    expect(receivePatch(live(view), patchOf(6, {}, 'epoch-2')).ask).toBe(true);
  });

  it('asks again when the snapshot is older than the patches it is followed by', () => {
    const gap = receivePatch(live(view), patchOf(9, {}));
    const more = receivePatch(gap.sync, patchOf(10, {}));
    expect(receiveSnapshot(more.sync, snapshotOf({ revision: 7 })).ask).toBe(true);
  });
});

/** Main, and a line to the window on which patches are lost or doubled and snapshots take their time. */
type Event =
  | { kind: 'change'; id: string; gone: boolean; fate: 'arrives' | 'lost' | 'twice' }
  | { kind: 'restart' }
  | { kind: 'answer' };

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      gone: fc.boolean(),
      fate: fc.constantFrom('arrives' as const, 'arrives' as const, 'arrives' as const, 'lost' as const, 'twice' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'answer' as const }) },
);

function play(events: readonly Event[]): { main: Snapshot; sync: Sync; asks: number } {
  let main = snapshotOf();
  let sync = unsynced;
  let asked = 1;
  let count = 0;
  const take = (step: { sync: Sync; ask: boolean }) => {
    sync = step.sync;
    if (step.ask) asked += 1;
  };
  const answer = () => {
    if (sync.waiting === null) return;
    take(receiveSnapshot(sync, structuredClone(main)));
  };
  for (const now of events) {
    switch (now.kind) {
      case 'restart':
        count += 1;
        main = snapshotOf({ epoch: `epoch-${count + 1}` });
        break;
      case 'answer':
        answer();
        break;
      case 'change': {
        count += 1;
        const guest = now.gone ? null : guestView({ id: now.id, name: `${now.id} ${count}` });
        const patch = patchOf(main.revision + 1, { [now.id]: guest }, main.epoch);
        main = applyPatch(main, patch);
        const copies = { arrives: 1, lost: 0, twice: 2 }[now.fate];
        for (let copy = 0; copy < copies; copy += 1) take(receivePatch(sync, structuredClone(patch)));
        break;
      }
    }
    if (sync.waiting === null && sync.view?.epoch === main.epoch && sync.view.revision === main.revision) {
      expect(sync.view).toEqual(main);
    }
  }
  // One more patch shows what was lost; then main answers until the window is content.
  const last = patchOf(main.revision + 1, { z: guestView({ id: 'z' }) }, main.epoch);
  main = applyPatch(main, last);
  take(receivePatch(sync, structuredClone(last)));
  for (let round = 0; round < 3; round += 1) answer();
  return { main, sync, asks: asked };
}

describe('a window that loses patches', () => {
  it('shows what main shows, as soon as it has been answered', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const { main, sync } = play(events);
        expect(sync.waiting).toBeNull();
        expect(sync.view).toEqual(main);
      }),
      { numRuns: 400 },
    );
  });

  it('asks once and no more while nothing is lost', () => {
    const quiet = fc.array(
      fc.constantFrom<Event>(
        { kind: 'change', id: 'a', gone: false, fate: 'arrives' },
        { kind: 'change', id: 'b', gone: true, fate: 'twice' },
        { kind: 'answer' },
      ),
    );
    fc.assert(
      fc.property(quiet, (events) => {
        expect(play(events).asks).toBe(1);
      }),
    );
  });
});
