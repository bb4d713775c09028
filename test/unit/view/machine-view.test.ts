import { describe, expect, it } from 'vitest';
import type { Machine, Screenshot } from '../../../main/hypervisors/machine';
import { MAX_SCREEN_BYTES, screenView, statsView } from '../../../main/view/machine-view';
import { GuestScreen, GuestStats } from '../../../preload/contract/view';

const now = () => 42;
const machine = (plan: Partial<Machine>): Machine => ({ exists: true, ...plan }) as Machine;
const showing = (screenshot: () => Promise<Screenshot>) => screenView(machine({ screenshot }), now);

describe('the screen for the window', () => {
  it('is the picture, in base64', async () => {
    const bytes = Buffer.from('..P6 1 1 255 abc').subarray(2);
    const screen = await showing(async () => ({ mime: 'image/x-portable-pixmap', bytes }));
    expect(screen).toEqual({ at: 42, mime: 'image/x-portable-pixmap', data: bytes.toString('base64') });
    expect(GuestScreen.parse(screen)).toEqual(screen);
  });

  it('is why there is none', async () => {
    expect(await showing(() => Promise.reject(new Error('It has no screen.')))).toEqual({ missing: 'It has no screen.' });
    expect(await screenView(null, now)).toEqual({ missing: 'It is not running.' });
    expect(await screenView(machine({ exists: false }), now)).toEqual({ missing: 'It is not running.' });
  });

  it('is refused when it is too large or of another kind', async () => {
    const bytes = new Uint8Array(MAX_SCREEN_BYTES + 1);
    expect(await showing(async () => ({ mime: 'image/png', bytes }))).toEqual({
      missing: 'The picture is too large to be shown: 17 MiB. Give the guest a smaller screen.',
    });
    const largest = await showing(async () => ({ mime: 'image/png', bytes: bytes.subarray(1) }));
    expect(largest).toMatchObject({ mime: 'image/png' });
    expect(await showing(async () => ({ mime: 'image/tiff', bytes: bytes.subarray(0, 4) }))).toEqual({
      missing: 'The picture is of a kind that cannot be shown here: image/tiff.',
    });
  });
});

describe('the use for the window', () => {
  it('is not asked of a machine that does not run', async () => {
    const stats = () => Promise.reject(new Error('asked'));
    for (const off of [null, machine({ exists: false, stats })]) {
      const view = await statsView(off, now);
      expect(GuestStats.parse(view)).toEqual(view);
      expect(view).toMatchObject({ at: 42, cpuPercent: { missing: 'It is not running.' } });
    }
  });
});
