import { describe, expect, it, vi } from 'vitest';
import { RefusedError } from '../../main/power/actions';
import { createUpdates } from '../../main/updates';
import type { UpdateChoice, UpdateView } from '../../preload/contract/settings';
import { fakeClock } from '../fakes/clock';
import { fakeUpdateSource } from '../fakes/update-source';
import { pass } from '../support/virtual-time';

const DAY = 24 * 3_600_000;
const newer = { version: '9.9.9', canInstall: true };
const offline = new Error('net::ERR_INTERNET_DISCONNECTED');

function create(choice: UpdateChoice | null, missing: string | null = null) {
  const clock = fakeClock();
  const source = fakeUpdateSource({ missing });
  const user = { choice };
  const shown: UpdateView[] = [];
  const updates = createUpdates({ clock, source, choice: () => user.choice, onChange: () => shown.push(updates.view()) });
  return { clock, source, user, shown, updates, looks: () => source.asked.filter((what) => what === 'check').length };
}

describe('newer versions', () => {
  it.each([null, 'off'] as const)('are not looked for by itself when the choice is %s', async (choice) => {
    const { clock, source, updates } = create(choice);
    updates.start();
    await pass(clock, 3 * DAY);
    expect(source.asked).toEqual([]);
  });

  it('are looked for after the start and once a day, and only told', async () => {
    const { clock, source, updates, looks } = create('notify');
    updates.start();
    await pass(clock, 29_000);
    expect(looks()).toBe(0);
    await pass(clock, 2000);
    expect(looks()).toBe(1);
    expect(updates.view()).toEqual({ kind: 'none', looked: expect.any(Number) });
    source.finds = newer;
    await pass(clock, DAY);
    expect(looks()).toBe(2);
    expect(updates.view()).toEqual({ kind: 'found', ...newer });
    expect(source.asked).not.toContain('download');
  });

  it('are fetched and installed at the end where the user wants that', async () => {
    const { clock, source, updates } = create('install');
    source.finds = newer;
    updates.start();
    await pass(clock, 31_000);
    expect(source.asked).toEqual(['check', 'when quit: true', 'download']);
    expect(updates.view()).toEqual({ kind: 'ready', version: '9.9.9' });
    await pass(clock, 3 * DAY);
    expect(updates.view()).toEqual({ kind: 'ready', version: '9.9.9' });
    updates.install();
    expect(source.asked.at(-1)).toBe('install');
  });

  it('that this package cannot install are told, not fetched', async () => {
    const { clock, source, updates } = create('install');
    source.finds = { version: '9.9.9', canInstall: false };
    updates.start();
    await pass(clock, 31_000);
    expect(source.asked).toEqual(['check']);
    await updates.look();
    expect(source.asked).toEqual(['check', 'check']);
    expect(() => updates.install()).toThrow(RefusedError);
  });

  it('offline nothing is said, and it is tried again after an hour', async () => {
    const { clock, source, updates, shown, looks } = create('notify');
    source.finds = offline;
    updates.start();
    await pass(clock, 31_000);
    expect(looks()).toBe(1);
    expect(updates.view()).toEqual({ kind: 'none', looked: null });
    source.finds = newer;
    await pass(clock, 3_600_000);
    expect(looks()).toBe(2);
    expect(updates.view()).toEqual({ kind: 'found', ...newer });
    expect(shown.map(({ kind }) => kind)).toEqual(['looking', 'none', 'looking', 'found']);
  });

  it('whoever asks is told that it failed, and why', async () => {
    const { source, updates } = create('off');
    source.finds = offline;
    await expect(updates.look()).rejects.toThrow(/ERR_INTERNET_DISCONNECTED/);
    source.finds = newer;
    source.downloadFails = new Error('sha512 checksum mismatch');
    await expect(updates.look()).rejects.toThrow(/sha512 checksum mismatch/);
    expect(updates.view()).toEqual({ kind: 'found', ...newer });
    source.downloadFails = null;
    await updates.look();
    expect(updates.view()).toEqual({ kind: 'ready', version: '9.9.9' });
    expect(source.asked.slice(-2)).toEqual(['when quit: false', 'download']);
  });

  it('that were only fetched are fetched again for the end of the app, when that is chosen', async () => {
    const { clock, user, source, updates } = create('notify');
    source.finds = newer;
    await updates.look();
    user.choice = 'install';
    updates.choiceChanged();
    await pass(clock, 10);
    expect(source.asked).toEqual(['check', 'when quit: false', 'download', 'when quit: true', 'when quit: true', 'download']);
    expect(updates.view()).toEqual({ kind: 'ready', version: '9.9.9' });
    user.choice = 'off';
    updates.choiceChanged();
    await pass(clock, DAY);
    expect(source.asked.slice(6)).toEqual(['when quit: false']);
    expect(updates.view()).toEqual({ kind: 'ready', version: '9.9.9' });
  });

  it('are fetched again when that is chosen while they are being fetched', async () => {
    const { user, source, updates } = create('notify');
    source.finds = newer;
    const download = () => source.asked.filter((what) => what === 'download').length;
    const first = source.download.bind(source);
    source.download = async () => {
      if (download() === 0) user.choice = 'install';
      await first();
    };
    await updates.look();
    expect(source.asked).toEqual(['check', 'when quit: false', 'download', 'when quit: true', 'download']);
    expect(updates.view()).toEqual({ kind: 'ready', version: '9.9.9' });
  });

  it('that could not be fetched for the end of the app are tried again after an hour', async () => {
    const { clock, user, source, updates } = create('notify');
    updates.start();
    source.finds = newer;
    await updates.look();
    user.choice = 'install';
    source.downloadFails = new Error('Code signature did not pass validation');
    updates.choiceChanged();
    await pass(clock, 10);
    expect(updates.view()).toEqual({ kind: 'found', ...newer });
    source.downloadFails = null;
    await pass(clock, 3_600_000);
    expect(updates.view()).toEqual({ kind: 'ready', version: '9.9.9' });
  });

  it('two who ask at once ask once', async () => {
    const { updates, looks } = create('notify');
    await Promise.all([updates.look(), updates.look()]);
    expect(looks()).toBe(1);
  });

  it('a yes is followed at once, a no ends it', async () => {
    const { clock, user, updates, source, looks } = create(null);
    updates.start();
    user.choice = 'notify';
    updates.choiceChanged();
    await pass(clock, 10);
    expect(looks()).toBe(1);
    user.choice = 'off';
    updates.choiceChanged();
    await pass(clock, 3 * DAY);
    expect(looks()).toBe(1);
    expect(source.asked).toContain('when quit: false');
  });

  it('cannot be looked for where nothing is published', async () => {
    const { clock, updates, source } = create('install', 'This package was published nowhere.');
    updates.start();
    await pass(clock, DAY);
    await expect(updates.look()).rejects.toThrow('This package was published nowhere.');
    expect(source.asked).toEqual([]);
  });

  it('are not looked for any more once the app ends', async () => {
    const { clock, updates, looks } = create('notify');
    updates.start();
    updates.stop();
    await pass(clock, DAY);
    expect(looks()).toBe(0);
    expect(vi.isFakeTimers()).toBe(false);
  });
});
