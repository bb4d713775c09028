import { beforeEach, describe, expect, it } from 'vitest';
import { clearMarks, markAll, markedIds, markOnly, markTo, rangeOf, shownIds, toggleMark } from '../../../renderer/selection';
import { resetWindow, selectGuest, setActiveRow, setSearch, showDialog, showView, windowStore } from '../../../renderer/store';
import { groupView } from '../../fakes/plan-views';
import { guestView, snapshotOf, sshHost, thisComputer } from '../../fakes/views';

const hosts = [thisComputer, sshHost({ id: 'attic' })];
const guests = ['a', 'b', 'c', 'd'].map((id) => guestView({ id, hostId: id === 'd' ? 'attic' : 'here' }));
const state = () => windowStore.getState();
const marked = () => [...markedIds(state())];

beforeEach(() => {
  resetWindow();
  showView(snapshotOf({ hosts, guests }));
});

describe('rangeOf', () => {
  it('goes both ways, and is only the end when it has no beginning', () => {
    expect(rangeOf(['a', 'b', 'c'], 'a', 'c')).toEqual(['a', 'b', 'c']);
    expect(rangeOf(['a', 'b', 'c'], 'c', 'b')).toEqual(['b', 'c']);
    expect(rangeOf(['a', 'b', 'c'], null, 'b')).toEqual(['b']);
    expect(rangeOf(['a', 'b', 'c'], 'gone', 'b')).toEqual(['b']);
  });
});

describe('the selection', () => {
  it('takes guests in and out one by one, in the list’s order', () => {
    toggleMark('c');
    toggleMark('a');
    expect(marked()).toEqual(['a', 'c']);
    toggleMark('c');
    expect(marked()).toEqual(['a']);
  });

  it('begins with the guest whose details are open, and closes them', () => {
    selectGuest('b');
    toggleMark('d');
    expect(marked()).toEqual(['b', 'd']);
    expect(state().selectedId).toBeNull();
  });

  it('reaches from its beginning to a guest, across hosts, and moves its end', () => {
    toggleMark('b');
    markTo('d', 'a');
    expect(marked()).toEqual(['b', 'c', 'd']);
    markTo('a', 'd');
    expect(marked()).toEqual(['a', 'b']);
  });

  it('begins at the details, else at the row at hand', () => {
    markTo('c', 'b');
    expect(marked()).toEqual(['b', 'c']);
    clearMarks();
    selectGuest('d');
    markTo('c', 'a');
    expect(marked()).toEqual(['c', 'd']);
  });

  it('is all that the search shows, and keeps what a later search hides', () => {
    setSearch('attic');
    expect(shownIds(state())).toEqual(['d']);
    markAll();
    expect(marked()).toEqual(['d']);
    setSearch('b');
    expect(marked()).toEqual(['d']);
  });

  it('ends with a click on one guest, and loses guests that are gone', () => {
    markOnly(['a', 'b', 'd']);
    showView(snapshotOf({ hosts, guests: guests.slice(0, 2) }));
    expect(marked()).toEqual(['a', 'b']);
    expect(state().marked.size).toBe(2);
    selectGuest('a');
    expect(marked()).toEqual([]);
  });

  it('keeps its identity while its guests are there', () => {
    markOnly(['a']);
    setActiveRow('a');
    const before = state().marked;
    showView(snapshotOf({ hosts, guests: guests.map((guest) => ({ ...guest, vcpus: 9 })) }));
    expect(state().marked).toBe(before);
  });
});

describe('dialogs about several guests', () => {
  it('close with their group or host', () => {
    const group = groupView({ id: 'g' });
    showView(snapshotOf({ hosts, guests, groups: [group] }));
    showDialog({ kind: 'sleep-many', target: { kind: 'group', groupId: 'g' }, action: 'suspend' });
    showView(snapshotOf({ hosts, guests, groups: [{ ...group, name: 'other' }] }));
    expect(state().dialog).not.toBeNull();
    showView(snapshotOf({ hosts, guests }));
    expect(state().dialog).toBeNull();
    showDialog({ kind: 'confirm-many', target: { kind: 'host', hostId: 'attic' }, action: 'shutdown' });
    showView(snapshotOf({ guests: [] }));
    expect(state().dialog).toBeNull();
  });
});
