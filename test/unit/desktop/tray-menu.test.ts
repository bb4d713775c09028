import { describe, expect, it } from 'vitest';
import { timeWords, trayMenu, type TrayEntry } from '../../../main/desktop/tray-menu';
import type { GuestView, HostView, Snapshot } from '../../../preload/contract/view';
import { graceView, scheduleView } from '../../fakes/plan-views';
import { alarmView, actionsIn, demoHost, guestView, hostPower, snapshotOf, sshHost, thisComputer } from '../../fakes/views';

const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute).getTime();
const now = at(23, 12);

const viewOf = (guests: readonly GuestView[], hosts: readonly HostView[] = []): Snapshot =>
  snapshotOf({ guests: [...guests], hosts: [thisComputer, ...hosts] });

const sleeper = (id: string, due: number | null, more: Partial<GuestView> = {}): GuestView =>
  guestView({
    id,
    name: id,
    state: { name: 'suspended', since: now, source: 'event', cause: 'user' },
    actions: actionsIn('suspended'),
    alarm: due === null ? null : alarmView({ id: `alarm-${id}`, due }),
    ...more,
  });

const labels = (entries: readonly TrayEntry[]) => entries.flatMap((entry) => (entry.kind === 'separator' ? [] : [entry.label]));
const entriesOf = (entries: readonly TrayEntry[], begins: string): readonly TrayEntry[] => {
  const found = entries.find((entry) => entry.kind === 'menu' && entry.label.startsWith(begins));
  return found?.kind === 'menu' ? found.entries : [];
};

describe('the tray menu', () => {
  it('says that nothing is asleep, and opens and quits', () => {
    const { entries, toolTip } = trayMenu(viewOf([guestView({ id: 'web', name: 'web' })]), now);
    expect(labels(entries)).toEqual(['No alarm is set', 'No guest is asleep', 'Open Reveille', 'Quit Reveille']);
    expect(entries.flatMap((entry) => (entry.kind === 'item' ? [entry.command] : []))).toEqual([{ kind: 'open' }, { kind: 'quit' }]);
    expect(toolTip).toBe('Reveille');
  });

  it('lists sleeping guests, those woken next first, each with Wake now', () => {
    const view = viewOf([
      sleeper('zoo', null),
      sleeper('db', at(24, 7)),
      sleeper('web', at(23, 18, 5)),
      sleeper('nas', null, {
        state: { name: 'hibernated', since: now, source: 'inference', cause: 'user' },
        actions: actionsIn('hibernated'),
      }),
    ]);
    const { entries, toolTip } = trayMenu(view, now);
    expect(labels(entries).slice(0, -2)).toEqual([
      'Next alarm: web, 18:05',
      'web: asleep, wakes 18:05',
      'db: asleep, wakes Tue 07:00',
      'nas: hibernated, no alarm',
      'zoo: asleep, no alarm',
    ]);
    expect(entriesOf(entries, 'web')).toEqual([
      { kind: 'item', label: 'Wake now', command: { kind: 'wake', guestId: 'web', action: 'wakeup' } },
      { kind: 'item', label: 'Show in Reveille', command: { kind: 'show', guestId: 'web' } },
    ]);
    expect(entriesOf(entries, 'nas')[0]).toMatchObject({ command: { kind: 'wake', guestId: 'nas', action: 'start' } });
    expect(toolTip).toBe('Reveille · 4 guests asleep · Next alarm: web, 18:05');
  });

  it('offers no second wake while one is under way, and none that is not possible', () => {
    const view = viewOf([
      sleeper('web', null, { pending: { action: 'wakeup', since: now, queued: 0 } }),
      sleeper('db', null, { actions: actionsIn('unknown') }),
    ]);
    const { entries } = trayMenu(view, now);
    expect(labels(entries)).toContain('web: is being woken');
    expect(entriesOf(entries, 'web')[0]).toMatchObject({ label: 'Wake now', command: null });
    expect(entriesOf(entries, 'db')[0]).toMatchObject({ label: 'Wake now', command: null });
  });

  it('puts an alarm that is late first, and says so', () => {
    const { entries } = trayMenu(viewOf([sleeper('web', at(23, 11)), sleeper('db', at(23, 13))]), now);
    expect(labels(entries).slice(0, 3)).toEqual(['Late: web was to be woken 11:00', 'web: asleep, was to wake 11:00', 'db: asleep, wakes 13:00']);
  });

  it('lists hosts that sleep, and marks the guests of the demo', () => {
    const power = hostPower({ state: 'asleep', since: now, wakesAt: at(23, 20), wake: { available: true } });
    const view = viewOf([sleeper('toy', null, { hostId: 'demo' })], [
      sshHost({ id: 'nas', name: 'nas', power }),
      demoHost,
    ]);
    const { entries } = trayMenu(view, now);
    expect(labels(entries).slice(0, 3)).toEqual(['Next alarm: nas, 20:00', 'nas: asleep, wakes 20:00', 'toy (demo): asleep, no alarm']);
    expect(entriesOf(entries, 'nas')).toEqual([{ kind: 'item', label: 'Wake now', command: { kind: 'wake-host', hostId: 'nas' } }]);
  });

  it('stays short: of many guests the first twelve, and the way to the rest', () => {
    const { entries } = trayMenu(viewOf(Array.from({ length: 30 }, (_, index) => sleeper(`g${String(index).padStart(2, '0')}`, null))), now);
    expect(entries.filter(({ kind }) => kind === 'menu')).toHaveLength(12);
    expect(entries).toContainEqual({ kind: 'item', label: '18 more asleep…', command: { kind: 'open' } });
  });

  it('begins with what can still be cancelled, soonest first, and with what waits for an answer', () => {
    const guests = [guestView({ id: 'web', name: 'web' })];
    const graces = [
      graceView({ id: 'g2', title: 'Storage: 3 guests go to sleep', at: at(24, 0, 5) }),
      graceView({ id: 'g1', at: at(23, 23, 35) }),
    ];
    const missed = { what: 'sleep' as const, at: at(23, 11) };
    const schedules = [scheduleView({ id: 's1', text: 'Every day 11:00', missed }), scheduleView({ id: 's2' })];
    const { entries, toolTip } = trayMenu(snapshotOf({ hosts: [thisComputer], guests, graces, schedules }), now);
    expect(labels(entries).slice(0, 4)).toEqual([
      'nas goes to sleep at 23:35',
      'Storage: 3 guests go to sleep at Tue 00:05',
      '“Every day 11:00” missed a sleep…',
      'No alarm is set',
    ]);
    expect(entriesOf(entries, 'nas')).toEqual([{ kind: 'item', label: 'Cancel', command: { kind: 'cancel-grace', graceId: 'g1' } }]);
    expect(entries[2]).toMatchObject({ kind: 'item', command: { kind: 'open' } });
    expect(entries[3]).toEqual({ kind: 'separator' });
    expect(toolTip).toBe('Reveille · nas goes to sleep at 23:35');
  });

  it('names six of what waits, and the way to the rest', () => {
    const graces = Array.from({ length: 9 }, (_, index) => graceView({ id: `g${index}`, at: at(23, 23, index) }));
    const { entries } = trayMenu(snapshotOf({ hosts: [thisComputer], guests: [], graces }), now);
    expect(entries.filter(({ kind }) => kind === 'menu')).toHaveLength(6);
    expect(entries).toContainEqual({ kind: 'item', label: '3 more wait for you…', command: { kind: 'open' } });
  });

  it('keeps each name on one line of bounded length', () => {
    const { entries } = trayMenu(viewOf([sleeper('web', null, { name: `a\nb\u202ec${'x'.repeat(100)}` })]), now);
    const label = labels(entries)[1] ?? '';
    expect(label).toMatch(/^a b cx+…: asleep, no alarm$/);
    expect(label.length).toBeLessThan(65);
  });
});

describe('a time in the menu', () => {
  it.each([
    [at(23, 7), '07:00'],
    [at(23, 23, 59), '23:59'],
    [at(24, 0), 'Tue 00:00'],
    [at(29, 23), 'Sun 23:00'],
    [at(30, 0), '30 Nov 00:00'],
    [at(22, 23), '22 Nov 23:00'],
  ])('%d is %s', (instant, words) => expect(timeWords(instant, now)).toBe(words));
});
