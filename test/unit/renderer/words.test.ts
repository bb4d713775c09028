import { expect, it } from 'vitest';
import { actorWords } from '../../../renderer/words';

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
