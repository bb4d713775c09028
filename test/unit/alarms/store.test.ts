import { describe, expect, it } from 'vitest';
import { openAlarmStore, parseAlarms } from '../../../main/alarms/store';
import type { Alarm, AlarmPhase } from '../../../main/power/alarms';
import { memoryFs } from '../../fakes/memory-fs';

const alarm: Alarm = {
  id: 'a',
  guestId: 'g',
  holder: 'app',
  action: 'hibernate',
  due: 1_795_000_000_000,
  basis: 'instant',
  createdAt: 1_794_000_000_000.5,
  phase: { kind: 'armed' },
};
const tries = { attempts: 2, failures: 1, sent: true };
const phases: AlarmPhase[] = [
  { kind: 'pending', confirmBy: 1 },
  { kind: 'armed' },
  { kind: 'firing', ...tries },
  { kind: 'retrying', ...tries, after: 'unreachable', reason: 'no link', nextTry: 2 },
];

describe('the alarm file', () => {
  it('keeps every kind of alarm as it is', async () => {
    const all = phases.map((phase, n): Alarm => ({ ...alarm, id: `a${n}`, guestId: `g${n}`, phase }));
    all.push({ ...alarm, id: 'late', guestId: 'late', lateFrom: alarm.due });
    const fs = memoryFs();
    await (await openAlarmStore({ dir: '/data', fs })).save(all);
    const reopened = await openAlarmStore({ dir: '/data', fs: fs.afterProcessEnd() });
    expect(reopened.value).toEqual(all);
    expect(reopened.problem).toBeUndefined();
  });

  it('of the first version is read as kept by the app, and stays as a backup', async () => {
    const fs = memoryFs();
    const former = JSON.stringify({ document: 'alarms', version: 1, value: [{ ...alarm, holder: 'guest' }] });
    fs.put('/data/alarms.json', former);
    const store = await openAlarmStore({ dir: '/data', fs });
    expect(store.problem).toBeUndefined();
    expect(store.value).toEqual([alarm]);
    await store.save([{ ...alarm, due: 7 }]);
    expect(JSON.parse(fs.text('/data/alarms.json') ?? '')).toMatchObject({ version: 2, value: [{ due: 7 }] });
    expect(fs.text('/data/alarms.json.bak')).toBe(former);
  });

  it('keeps what a holder has in hand', async () => {
    const job = { name: 'reveille-0000cafe-a', kind: 'at', ref: '7', due: null } as const;
    const held = { kind: 'host', hostId: 'nas', job, keeper: 'at on nas', survives: 'A restart.', blocked: true } as const;
    const all: Alarm[] = [
      { ...alarm, holder: 'host', held },
      { ...alarm, id: 'b', guestId: 'h', holder: 'guest', held: { kind: 'guest', at: 8 } },
    ];
    const fs = memoryFs();
    await (await openAlarmStore({ dir: '/data', fs })).save(all);
    expect((await openAlarmStore({ dir: '/data', fs: fs.afterProcessEnd() })).value).toEqual(all);
  });

  it.each<[unknown, string]>([
    [[{ ...alarm, held: { kind: 'guest', at: 1 } }], 'value.0.held: it is not held by its holder'],
    [{}, 'value: '],
    [[alarm, 7], 'value.1: '],
    [[{ ...alarm, due: '07:00' }], 'value.0.due: '],
    [[{ ...alarm, due: null }], 'value.0.due: '],
    [[{ ...alarm, holder: 'nobody' }], 'value.0.holder: '],
    [[{ ...alarm, action: 'poweroff' }], 'value.0.action: '],
    [[{ ...alarm, guestId: '' }], 'value.0.guestId: '],
    [[{ ...alarm, phase: { kind: 'asleep' } }], 'value.0.phase.kind: '],
    [[{ ...alarm, phase: { kind: 'pending' } }], 'value.0.phase.confirmBy: '],
    [[{ ...alarm, phase: { ...phases[2], attempts: -1 } }], 'value.0.phase.attempts: '],
    [[{ ...alarm, lateFrom: undefined }], 'value.0.lateFrom: '],
    [[{ ...alarm, extra: 1 }], 'value.0: '],
    [[alarm, { ...alarm, guestId: 'h' }], 'value.1.id: there is another'],
    [[alarm, { ...alarm, id: 'b' }], 'value.1.guestId: there is another'],
  ])('refuses %j', (value, path) => {
    expect(() => parseAlarms(value)).toThrow(path);
  });

  it('does not keep an alarm it could not read back', async () => {
    const store = await openAlarmStore({ dir: '/data', fs: memoryFs() });
    await expect(store.save([{ ...alarm, due: NaN }])).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });
});
