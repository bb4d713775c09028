import { beforeEach, describe, expect, it } from 'vitest';
import type { NoticeView } from '../../../preload/contract/view';
import {
  acceptAsked,
  addLocalNotice,
  clearAsked,
  dropLocalNotice,
  markAsked,
  promptAnswered,
  resetWindow,
  selectGuest,
  showDialog,
  showMenu,
  showPage,
  showView,
  tell,
  windowStore,
} from '../../../renderer/store';
import { scheduleView } from '../../fakes/plan-views';
import { guestView, hostKeyPrompt, secretPrompt, snapshotOf, sshHost, thisComputer } from '../../fakes/views';

const nas = guestView({ id: 'nas' });
const db = guestView({ id: 'db' });
const falling = { ...nas, pending: { action: 'suspend' as const, since: 1, queued: 0 } };
const state = () => windowStore.getState();
const asked = () => state().asked['nas']?.action;

beforeEach(() => {
  resetWindow();
  showView(snapshotOf({ guests: [nas, db] }));
});

describe('an action that was asked for', () => {
  it('shows until the view has it pending', () => {
    markAsked('nas', 'suspend');
    expect(asked()).toBe('suspend');
    showView(snapshotOf({ guests: [nas, { ...db, name: 'db2' }] }));
    expect(asked()).toBe('suspend');
    showView(snapshotOf({ guests: [falling, db] }));
    expect(asked()).toBeUndefined();
  });

  it('survives a change of the guest that is not about it', () => {
    markAsked('nas', 'suspend');
    showView(snapshotOf({ guests: [{ ...nas, vcpus: 3 }, db] }));
    expect(asked()).toBe('suspend');
  });

  it('goes when it is refused, but not for an older click', () => {
    const first = markAsked('nas', 'suspend');
    const second = markAsked('nas', 'wakeup');
    clearAsked('nas', first);
    expect(asked()).toBe('wakeup');
    clearAsked('nas', second);
    expect(asked()).toBeUndefined();
  });

  it('goes on acceptance when the view has changed already', () => {
    const ticket = markAsked('nas', 'suspend');
    showView(snapshotOf({ guests: [{ ...nas, vcpus: 3 }, db] }));
    acceptAsked('nas', ticket);
    expect(asked()).toBeUndefined();
  });

  it('goes with the next view of the guest once it is accepted', () => {
    const ticket = markAsked('nas', 'suspend');
    acceptAsked('nas', ticket);
    expect(asked()).toBe('suspend');
    showView(snapshotOf({ guests: [{ ...nas, vcpus: 3 }, db] }));
    expect(asked()).toBeUndefined();
  });

  it('stays through the changes of others, accepted or not, even behind work that is pending already', () => {
    showView(snapshotOf({ guests: [falling, db] }));
    const ticket = markAsked('nas', 'shutdown');
    const other = (vcpus: number) => showView(snapshotOf({ guests: [falling, { ...db, vcpus }] }));
    other(3);
    expect(asked()).toBe('shutdown');
    acceptAsked('nas', ticket);
    other(4);
    expect(asked()).toBe('shutdown');
  });

  it('goes with its guest', () => {
    markAsked('nas', 'suspend');
    showView(snapshotOf({ guests: [db] }));
    expect(asked()).toBeUndefined();
  });
});

describe('a new view', () => {
  it('keeps the list’s identity while names and hosts stay', () => {
    const { groups } = state();
    showView(snapshotOf({ guests: [falling, db] }));
    expect(state().groups).toBe(groups);
    showView(snapshotOf({ guests: [{ ...nas, name: 'renamed' }, db] }));
    expect(state().groups).not.toBe(groups);
  });

  it('closes what was about a guest that is gone, and nothing else', () => {
    selectGuest('nas');
    showDialog({ kind: 'sleep', guestId: 'db', action: 'suspend' });
    showView(snapshotOf({ guests: [db] }));
    expect(state().selectedId).toBeNull();
    expect(state().dialog).not.toBeNull();
    showView(snapshotOf());
    expect(state().dialog).toBeNull();
  });
});

describe('hosts and questions', () => {
  const nasHost = sshHost({ id: 'nas-host' });
  const withHost = (more: Parameters<typeof snapshotOf>[0] = {}) =>
    snapshotOf({ hosts: [thisComputer, nasHost], guests: [nas, db], ...more });
  const key = hostKeyPrompt({ id: 'key' });
  const secret = secretPrompt({ id: 'secret' });

  it('close what was about a host that is gone', () => {
    showView(withHost());
    showDialog({ kind: 'edit-host', hostId: 'nas-host' });
    showView(withHost({ guests: [] }));
    expect(state().dialog).not.toBeNull();
    showView(snapshotOf());
    expect(state().dialog).toBeNull();
  });

  it('come one at a time, leave an open dialog alone and close a menu', () => {
    showDialog({ kind: 'add-host' });
    showMenu({ kind: 'actions', guestId: 'nas', anchor: {} as Element, point: null, byKeyboard: false });
    showView(withHost({ prompts: [key, secret] }));
    expect([state().promptId, state().dialog?.kind, state().menu]).toEqual(['key', 'add-host', null]);
    promptAnswered('key');
    expect(state().promptId).toBe('secret');
    showView(withHost({ prompts: [key] }));
    expect(state().promptId).toBeNull();
    showView(withHost());
    expect(state().answered).toEqual([]);
  });

  it('go when main takes them back', () => {
    showView(withHost({ prompts: [key] }));
    showView(withHost());
    expect([state().promptId, state().answered]).toEqual([null, []]);
  });
});

describe('notices of the window', () => {
  const notice: Omit<NoticeView, 'id'> = { at: 1, severity: 'error', title: 'Wake: nas', message: 'No.' };
  const ids = () => Object.keys(state().localNotices);

  it('stay until dismissed; the same words again make no second one', () => {
    addLocalNotice(notice);
    addLocalNotice({ ...notice, at: 2 });
    addLocalNotice({ ...notice, message: 'Never.' });
    expect(Object.values(state().localNotices).map(({ at }) => at)).toEqual([2, 1]);
    ids().forEach(dropLocalNotice);
    expect(ids()).toEqual([]);
  });
});

describe('pages', () => {
  it('stay while guests come and go, and give way to a guest’s details', () => {
    showPage('timeline');
    showView(snapshotOf({ guests: [db] }));
    expect(state().page).toBe('timeline');
    selectGuest(null);
    expect(state().page).toBe('timeline');
    selectGuest('db');
    expect([state().page, state().selectedId]).toEqual(['guests', 'db']);
  });

  it('a schedule’s dialog goes with the schedule; that of a new one needs none', () => {
    const schedules = [scheduleView({ id: 's' })];
    showView(snapshotOf({ guests: [nas], schedules }));
    showDialog({ kind: 'schedule', scheduleId: 's', target: null });
    showView(snapshotOf({ guests: [db], schedules }));
    expect(state().dialog).not.toBeNull();
    showView(snapshotOf({ guests: [db] }));
    expect(state().dialog).toBeNull();
    showDialog({ kind: 'schedule', scheduleId: null, target: { kind: 'guests', guestIds: ['db'] } });
    showView(snapshotOf());
    expect(state().dialog).not.toBeNull();
  });
});

it('what was told gives way to what is told next, and goes only by itself', () => {
  const endFirst = tell('Copied');
  const endSecond = tell('Copied');
  endFirst();
  expect(state().told).toMatchObject({ text: 'Copied' });
  endSecond();
  expect(state().told).toBeNull();
});
