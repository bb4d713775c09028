import { expect, it } from 'vitest';
import { actorWords, announcement } from '../../../renderer/words';
import { alarmView, guestView } from '../../fakes/views';

it('says who did it', () => {
  expect(actorWords({ kind: 'user' })).toBe('you');
  expect(actorWords({ kind: 'schedule', name: 'Weekdays' })).toBe('the schedule “Weekdays”');
  expect(actorWords({ kind: 'schedule', name: '\u202eevil' })).toBe('the schedule “‹U+202E›evil”');
  expect(actorWords({ kind: 'schedule', name: '' })).toBe('a schedule');
  expect(actorWords({ kind: 'alarm', holder: 'guest' })).toBe('its own clock');
  expect(actorWords({ kind: 'alarm', holder: 'host' })).toBe('the job on its host');
  expect(actorWords({ kind: 'alarm', holder: 'app' })).toBe('Reveille’s alarm');
  expect(actorWords({ kind: 'guest' })).toBe('the guest itself');
  expect(actorWords({ kind: 'host' })).toBe('the host');
  expect(actorWords({ kind: 'unknown' })).toBe('');
});

it('tells when a guest wakes, but not of one that runs', () => {
  const at = new Date(2026, 10, 20, 12).getTime();
  const alarm = alarmView({ id: 'a', due: new Date(2026, 10, 21, 7).getTime() });
  expect(announcement(guestView({ id: 'nas', state: { name: 'suspended' }, alarm }), at)).toMatch(/^nas is sleeping, wakes .*07:00$/);
  expect(announcement(guestView({ id: 'nas', state: { name: 'running' }, alarm }), at)).toBe('nas is running');
  expect(announcement(guestView({ id: 'nas', state: { name: 'off' } }), at)).toBe('nas is off');
});
