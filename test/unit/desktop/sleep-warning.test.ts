import { describe, expect, it } from 'vitest';
import { sleepWarning } from '../../../main/desktop/sleep-warning';

const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute).getTime();
const now = at(23, 12);
const alarm = (name: string, due: number) => ({ guestId: name, name, due });
const schedule = (name: string, sleep: number | null, wake: number | null = null) => ({ scheduleId: name, name, next: { sleep, wake } });

describe('the warning before this computer sleeps', () => {
  it('is not there where nothing depends on it', () => {
    expect(sleepWarning({ alarms: [], schedules: [] }, now)).toBeNull();
  });

  it('names each alarm with its time, however far', () => {
    const warning = sleepWarning({ alarms: [alarm('web', at(23, 18, 5)), alarm('db', at(25, 7))], schedules: [] }, now);
    expect(warning?.title).toBe('Alarms wait for this computer');
    expect(warning?.text).toContain('Reveille wakes web (18:05), db (Wed 07:00) only while this computer is awake');
  });

  it('names the schedules of the day to come, by what they do next', () => {
    const schedules = [schedule('Nights', at(23, 23, 30), at(24, 7)), schedule('Mornings', null, at(24, 12)), schedule('Later', at(24, 12, 1))];
    const warning = sleepWarning({ alarms: [], schedules }, now);
    expect(warning?.title).toBe('Schedules wait for this computer');
    expect(warning?.text).toContain('Reveille carries out the schedules “Nights” (23:30), “Mornings” (Tue 12:00) only while');
    expect(sleepWarning({ alarms: [], schedules: schedules.slice(2) }, now)).toBeNull();
  });

  it('names both', () => {
    const warning = sleepWarning({ alarms: [alarm('web', at(23, 18))], schedules: [schedule('Nights', at(23, 23, 30))] }, now);
    expect(warning?.title).toBe('Alarms and schedules wait for this computer');
    expect(warning?.text).toContain('Reveille wakes web (18:00) and carries out the schedule “Nights” (23:30) only while');
  });
});
