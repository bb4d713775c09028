import { describe, expect, it } from 'vitest';
import { mostEntries, paletteEntries } from '../../../../../renderer/features/palette/entries';
import { hostRowId } from '../../../../../renderer/groups';
import { scheduleRowId } from '../../../../../renderer/schedule-intents';
import { graceView, groupView, scheduleView } from '../../../../fakes/plan-views';
import { guestView, snapshotOf, sshHost, thisComputer } from '../../../../fakes/views';

const view = snapshotOf({
  hosts: [thisComputer, sshHost({ id: 'attic' }), sshHost({ id: 'shed', link: { kind: 'offline' } })],
  guests: [
    guestView({ id: 'nas' }),
    guestView({ id: 'db', state: { name: 'suspended' } }),
    ...Array.from({ length: 40 }, (_, place) => guestView({ id: `web-${place}` })),
  ],
});
const labels = (atHand: string | null, text: string) =>
  paletteEntries(view, atHand, text).map(({ label, about }) => `${label} ${about}`.trim());

describe('paletteEntries', () => {
  it('lists the guest at hand and the app without a search', () => {
    const listed = labels('db', '');
    expect(listed).toContain('Wake db');
    expect(listed).not.toContain('Sleep… db');
    expect(listed).toContain('Add guest');
    expect(listed.some((label) => label.includes('web'))).toBe(false);
  });

  it('finds any guest’s command by words in any order', () => {
    expect(labels('nas', 'wake db')).toEqual(['Wake db']);
    expect(labels('nas', 'db wake')).toEqual(['Wake db']);
    expect(labels(null, 'no such thing')).toEqual([]);
  });

  it('has the commands of hosts that can be given now, first those of the host at hand', () => {
    expect(labels(null, 'attic')).toEqual(['Edit host attic', 'Disable host attic', 'Remove host attic']);
    expect(labels(null, 'connect')).toEqual(['Connect now shed']);
    expect(labels(hostRowId('shed'), '')[0]).toBe('Connect now shed');
    expect(labels(null, 'add')).toContain('Add host');
  });

  it('puts the guest at hand first, and has an end', () => {
    const found = labels('nas', 'sleep');
    expect(found[0]).toBe('Sleep… nas');
    expect(labels('nas', 'force off nas')[0]).toBe('Force off… nas');
    expect(labels(null, 's').length).toBe(mostEntries);
  });

  it('has the fixes of a guest, each once, while an action needs them', () => {
    const needs = { available: false, reason: 'Switched off.', fix: 'enable-sleep' } as const;
    const { actions } = guestView({ id: 'desk', manager: 'libvirt' });
    const desk = guestView({ id: 'desk', manager: 'libvirt', actions: { ...actions, suspend: needs, hibernate: needs } });
    const listed = paletteEntries(snapshotOf({ guests: [desk, guestView({ id: 'nas' })] }), 'nas', 'enable');
    expect(listed.map(({ label, about, run }) => ({ label, about, run }))).toEqual([
      { label: 'Enable sleep…', about: 'desk', run: { kind: 'fix', guestId: 'desk', fix: 'enable-sleep' } },
    ]);
  });

  it('has the actions of the selection first, then what is about to happen', () => {
    const more = snapshotOf({ guests: Object.values(view.guests), graces: [graceView({ id: 'g', at: 1, title: 'nas goes to sleep' })] });
    const listed = paletteEntries(more, 'nas', '', ['nas', 'db']).map(({ label, about }) => `${label} ${about}`.trim());
    expect(listed[0]).toBe('Sleep… (1) 2 guests');
    expect(listed).toContain('Wake (1) 2 guests');
    expect(listed).toContain('New group… 2 guests');
    expect(listed.indexOf('Sleep now nas goes to sleep')).toBeLessThan(listed.indexOf('Sleep… nas'));
    expect(listed).toContain('Select all guests');
    expect(paletteEntries(more, 'nas', '').some(({ label }) => label === 'Clear selection')).toBe(false);
  });

  it('finds groups and whole hosts, this computer too', () => {
    const group = groupView({ id: 'g', name: 'Storage', members: [{ guestId: 'db', delaySeconds: 0 }] });
    const more = snapshotOf({ guests: Object.values(view.guests), groups: [group] });
    const found = (text: string) => paletteEntries(more, null, text).map(({ label, about }) => `${label} ${about}`);
    expect(found('storage')).toContain('Wake (1) Storage');
    expect(found('storage')).toContain('Edit group Storage');
    expect(found('all this computer')).toContain('Sleep… (41) All guests of This computer');
  });

  it('names its entries so that no two are taken for one', () => {
    const ids = paletteEntries(view, 'nas', 'web').map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has the pages and the commands of schedules that make sense now, first those of the schedule at hand', () => {
    const schedules = [
      scheduleView({ id: 's', draft: { name: 'Nights' }, next: [{ sleep: 1, wake: 2 }] }),
      scheduleView({ id: 't', draft: { name: 'Days' }, paused: true }),
    ];
    const more = snapshotOf({ guests: Object.values(view.guests), schedules });
    const found = (atHand: string | null, text: string) =>
      paletteEntries(more, atHand, text).map(({ label, about }) => `${label} ${about}`.trim());
    expect(found(null, 'nights')).toEqual([
      'Skip the next time of schedule Nights',
      'Pause schedule Nights',
      'Edit schedule Nights',
      'Remove schedule Nights',
    ]);
    expect(found(null, 'days schedule')).toEqual(['Resume schedule Days', 'Edit schedule Days', 'Remove schedule Days']);
    expect(found(scheduleRowId('t'), '')[0]).toBe('Resume schedule Days');
    expect(found(null, 'show')).toEqual(expect.arrayContaining(['Show guests', 'Show schedules', 'Show timeline']));
    expect(found('nas', '')).toEqual(expect.arrayContaining(['Schedule… nas', 'New schedule', 'Export history…']));
  });
});
