import { describe, expect, it } from 'vitest';
import { actions, sleeps } from '../../../preload/contract/vocabulary';
import {
  actionCommands,
  actionOrder,
  alarmCommands,
  appCommands,
  entryCommands,
  fixBeside,
  fixCommands,
  groupCommands,
  hostCommands,
  isSleep,
  offeredActions,
  offeredAppCommands,
  offeredEntryCommands,
  offeredFixes,
  offeredHostCommands,
  rowActions,
  selectionCommands,
  whyNotAlarm,
} from '../../../renderer/commands';
import { matchesShortcut, shortcutText } from '../../../renderer/shortcuts';
import { alarmView, demoHost, guestView, hostPower, outOfReach, settingsView, sshHost, thisComputer } from '../../fakes/views';

const press = (key: string, more: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});

describe('the command table', () => {
  it('has every action of the contract, under the words of the design', () => {
    expect(Object.fromEntries(actionOrder.map((action) => [action, actionCommands[action].label]))).toEqual({
      suspend: 'Sleep',
      hibernate: 'Hibernate',
      hybrid: 'Hybrid sleep',
      wakeup: 'Wake',
      pause: 'Pause',
      resume: 'Resume',
      shutdown: 'Shut down',
      reboot: 'Restart',
      poweroff: 'Force off',
      reset: 'Reset',
      start: 'Start',
      save: 'Save',
      discard: 'Discard saved state',
    });
    expect([...actionOrder].sort()).toEqual([...actions].sort());
  });

  it('asks for a time with the sleeps and only with them', () => {
    expect(actionOrder.filter(isSleep)).toEqual([...sleeps]);
  });

  it('asks before what destroys, and says what is lost', () => {
    const asking = actionOrder.filter((action) => actionCommands[action].ask.kind === 'confirmation');
    expect(asking).toEqual(['poweroff', 'reset', 'discard']);
    expect(actionOrder.filter((action) => actionCommands[action].destructive)).toEqual(asking);
    for (const action of asking) {
      const { ask } = actionCommands[action];
      expect(ask.kind === 'confirmation' && ask.lost).toMatch(/lost|deleted/);
    }
  });

  it('gives sleep and pause different words, icons and doings', () => {
    const { suspend, pause } = actionCommands;
    expect([suspend.label, suspend.icon, suspend.doing]).not.toContain(pause.label);
    expect(suspend.icon).not.toBe(pause.icon);
    expect(suspend.doing).not.toBe(pause.doing);
  });

  it('says of every action what goes on while it is done', () => {
    for (const action of actionOrder) expect(actionCommands[action].doing).toMatch(/^[A-Z].*ing.*…$/);
  });

  it('uses no shortcut twice', () => {
    const tables = [actionCommands, alarmCommands, entryCommands, selectionCommands, groupCommands, appCommands];
    const shortcuts = tables
      .flatMap((table) => Object.values(table))
      .flatMap((words) => ('shortcut' in words ? [JSON.stringify(words.shortcut)] : []));
    expect(shortcuts.length).toBeGreaterThan(3);
    expect(new Set(shortcuts).size).toBe(shortcuts.length);
  });
});

describe('what can be done with a guest’s place in the list', () => {
  it('is offered in the table’s order, removing only where it can be', () => {
    const all = ['details', 'select', 'schedule', 'copy-link', 'refresh', 'remove'];
    expect(offeredEntryCommands(guestView({ id: 'a', removable: true }))).toEqual(all);
    expect(offeredEntryCommands(guestView({ id: 'a' }))).toEqual(all.slice(0, -1));
  });
});

describe('row buttons', () => {
  it('are what can be done in that state', () => {
    expect(rowActions(guestView({ id: 'a' }))).toEqual(['suspend', 'shutdown']);
    expect(rowActions(guestView({ id: 'a', state: { name: 'suspended' } }))).toEqual(['wakeup']);
    expect(rowActions(guestView({ id: 'a', state: { name: 'hibernated' } }))).toEqual(['start']);
    expect(rowActions(guestView({ id: 'a', state: { name: 'paused' } }))).toEqual(['resume']);
    expect(rowActions(guestView({ id: 'a', state: { name: 'unknown' } }))).toEqual([]);
  });

  it('leave out what main says can’t be done', () => {
    const guest = guestView({ id: 'a' });
    const without = { ...guest.actions, suspend: { available: false as const, reason: 'No agent.' } };
    expect(rowActions({ ...guest, actions: without })).toEqual(['shutdown']);
  });

  it('leave the rest to the menu, each action once, what can be done first', () => {
    const guest = guestView({ id: 'a', manager: 'libvirt' });
    const offered = offeredActions(guest, 'suspend');
    expect(offered.map(({ action }) => action).sort()).toEqual(actions.filter((action) => action !== 'suspend').sort());
    const available = offered.map(({ availability }) => availability.available);
    expect(available).toEqual([...available].sort((a, b) => Number(b) - Number(a)));
  });
});

describe('app commands', () => {
  it('open the demo or close it, whichever makes sense', () => {
    const app = { version: '1', platform: 'linux' as const, settings: settingsView(), update: { kind: 'none' as const, looked: null } };
    expect(offeredAppCommands({ ...app, demo: 'closed' })).toContain('open-demo');
    expect(offeredAppCommands({ ...app, demo: 'open' })).toContain('close-demo');
    expect(offeredAppCommands({ ...app, demo: 'opening' })).not.toContain('open-demo');
  });
});

describe('host commands', () => {
  const offered = (plan: Parameters<typeof sshHost>[0]) => offeredHostCommands(sshHost(plan));
  const connect = (plan: Omit<Parameters<typeof sshHost>[0], 'id'>) => offered({ id: 'nas', ...plan })[0];

  it('are of added hosts only', () => {
    expect(offeredHostCommands(thisComputer)).toEqual([]);
    expect(offeredHostCommands(demoHost)).toEqual([]);
    expect(offered({ id: 'nas' }).map(({ command }) => hostCommands[command].label)).toEqual([
      'Connect now',
      'Edit…',
      'Disable',
      'Remove…',
    ]);
    expect(offered({ id: 'nas', enabled: false }).map(({ command }) => command)).toContain('enable');
  });

  it('put a host to sleep that is awake and can sleep, and wake one that sleeps', () => {
    const commands = (power: ReturnType<typeof hostPower>) =>
      offered({ id: 'nas', power }).filter(({ command }) => command === 'sleep' || command === 'wake');
    expect(commands(hostPower())).toEqual([{ command: 'sleep', whyNot: undefined }]);
    expect(commands(hostPower({ state: 'asleep' }))).toEqual([{ command: 'wake', whyNot: undefined }]);
    const noMac = { available: false, reason: 'Its MAC address was never seen.', remedy: 'Wake it by its power button.' } as const;
    expect(commands(hostPower({ state: 'asleep', wake: noMac }))).toEqual([
      { command: 'wake', whyNot: 'Its MAC address was never seen. Wake it by its power button.' },
    ]);
    // It was switched off by somebody, as far as can be told: Wake-on-LAN may reach it.
    expect(commands(hostPower({ wake: { available: true } })).map(({ command }) => command)).toEqual(['sleep', 'wake']);
  });

  it('connect now what is not connected, and say why not otherwise', () => {
    expect(connect({})?.whyNot).toBe('The host is connected.');
    expect(connect({ link: { kind: 'connecting', step: 'TCP' } })?.whyNot).toBe('It is being connected.');
    expect(connect({ enabled: false, link: { kind: 'offline' } })?.whyNot).toBe('The host is disabled.');
    expect(connect({ link: { kind: 'offline' } })?.whyNot).toBeUndefined();
    expect(connect({ link: { kind: 'backoff', nextTry: 1, reason: 'r' } })?.whyNot).toBeUndefined();
    expect(connect({ link: { kind: 'blocked', reason: 'r' } })?.whyNot).toBeUndefined();
  });
});

describe('alarm commands', () => {
  it('are refused with the alarm’s own reason, but for waking the guest', () => {
    const alarm = alarmView({ id: 'a', due: 1, holder: 'guest', change: outOfReach });
    expect(whyNotAlarm(alarm, 'wake-now')).toBeUndefined();
    for (const command of ['extend', 'change', 'cancel'] as const) {
      expect(whyNotAlarm(alarm, command)).toMatch(/can’t be reached while it sleeps. Wake the guest/);
    }
    expect(whyNotAlarm(alarmView({ id: 'a', due: 1 }), 'cancel')).toBeUndefined();
  });
});

describe('shortcuts', () => {
  const s = { key: 's', mod: false };
  const k = { key: 'k', mod: true };

  it('are written as the system writes them', () => {
    expect(shortcutText(s, 'linux')).toBe('S');
    expect(shortcutText(k, 'linux')).toBe('Ctrl K');
    expect(shortcutText(k, 'darwin')).toBe('⌘K');
    expect(shortcutText({ key: ' ', mod: false }, 'linux')).toBe('Space');
  });

  it('match their key with just their modifiers', () => {
    expect(matchesShortcut(s, press('s'))).toBe(true);
    expect(matchesShortcut(s, press('S'))).toBe(true);
    expect(matchesShortcut(s, press('s', { ctrlKey: true }))).toBe(false);
    expect(matchesShortcut(s, press('s', { altKey: true }))).toBe(false);
    expect(matchesShortcut(s, press('S', { shiftKey: true }))).toBe(false);
    expect(matchesShortcut(k, press('k', { ctrlKey: true }))).toBe(true);
    expect(matchesShortcut(k, press('k', { metaKey: true }))).toBe(true);
    expect(matchesShortcut(k, press('k'))).toBe(false);
    expect(matchesShortcut(k, press('K', { ctrlKey: true, shiftKey: true }))).toBe(false);
  });

  it('allow Shift where a keyboard needs it to make the character', () => {
    expect(matchesShortcut({ key: '/', mod: false }, press('/', { shiftKey: true }))).toBe(true);
  });
});

describe('fixes', () => {
  const needs = (fix: 'enable-sleep' | 'add-agent-channel') => ({ available: false, reason: 'Not so.', fix }) as const;
  const plain = guestView({ id: 'desk', manager: 'libvirt' });

  it('are offered once, beside the first action that they help', () => {
    const guest = {
      ...plain,
      actions: { ...plain.actions, hibernate: needs('enable-sleep'), hybrid: needs('enable-sleep'), reboot: needs('add-agent-channel') },
    };
    const offered = offeredActions(guest, undefined);
    expect([...offeredFixes(offered)]).toEqual([
      ['enable-sleep', 'hibernate'],
      ['add-agent-channel', 'reboot'],
    ]);
    expect(fixBeside(offered, 'hibernate')).toBe('enable-sleep');
    expect(fixBeside(offered, 'hybrid')).toBeUndefined();
    expect(fixBeside(offered, 'pause')).toBeUndefined();
  });

  it('say that a dialog follows', () => {
    for (const { label, title } of Object.values(fixCommands)) expect(label).toBe(`${title}…`);
  });
});

describe('saved states', () => {
  it('are libvirt’s alone', () => {
    const offers = (manager: 'qemu' | 'libvirt', name: 'running' | 'saved') =>
      offeredActions(guestView({ id: 'g', manager, state: { name } }), undefined)
        .filter(({ action }) => action === 'save' || action === 'discard')
        .map(({ action, availability }) => `${action} ${availability.available}`);
    expect(offers('qemu', 'running')).toEqual([]);
    expect(offers('libvirt', 'running')).toEqual(['save true', 'discard false']);
    expect(offers('libvirt', 'saved')).toEqual(['discard true', 'save false']);
  });
});
