import { describe, expect, it } from 'vitest';
import { mostEntries, paletteEntries } from '../../../../../renderer/features/palette/entries';
import { hostRowId } from '../../../../../renderer/groups';
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
    expect(listed).not.toContain('Sleep db');
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
    expect(found[0]).toBe('Sleep nas');
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

  it('names its entries so that no two are taken for one', () => {
    const ids = paletteEntries(view, 'nas', 'web').map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
