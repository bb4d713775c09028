import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { requireComponent } from '../support/requires';
import { expect, test } from './fixtures';

/** Screens and loads in the real app: over its own bridge, under its own policy. */

const row = (page: Page, name: string) => page.getByRole('grid', { name: 'Guests' }).getByRole('row', { name, exact: true });
const screen = (page: Page) => page.getByRole('region', { name: 'Screen' });

/** The colours of the picture, each once. */
const colours = (page: Page) =>
  screen(page)
    .locator('canvas')
    .evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set<number>();
      for (let at = 0; at < data.length; at += 4) seen.add((data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!);
      return seen.size;
    });

test('the demo’s guests have screens, and tell what they use', async ({ launch }) => {
  const { page, screenshot } = await launch();
  const demo = page.getByRole('button', { name: 'Try the demo' }).first();
  await row(page, 'nas').or(demo).first().waitFor();
  if (!(await row(page, 'nas').isVisible())) await demo.click();
  await row(page, 'nas').click();
  await expect(screen(page).getByRole('img', { name: 'The screen of nas, 320 by 200 pixels' })).toBeVisible();
  expect(await colours(page)).toBeGreaterThan(20);
  await expect(page.getByRole('region', { name: 'Load' })).toContainText(/Processor\d+ % of \d vCPU/);
  await screenshot('demo-details');
});

test('a real QEMU’s screen is seen', async ({ launch }) => {
  const present = spawnSync('qemu-system-x86_64', ['--version']).status === 0;
  requireComponent('QEMU', present, (why) => test.skip(true, why));
  const folder = await mkdtemp(path.join(os.tmpdir(), 'seen-'));
  const monitor = `unix:${path.join(folder, 'qmp')},server=on,wait=off`;
  const argv = ['-name', 'lamp', '-machine', 'pc', '-accel', 'tcg', '-m', '32', '-nodefaults', '-vga', 'std', '-display', 'none'];
  const qemu = spawn('qemu-system-x86_64', [...argv, '-qmp', monitor], { stdio: ['ignore', 'inherit', 'inherit'] });
  try {
    const { page } = await launch();
    await row(page, 'lamp').click();
    await expect(screen(page).getByRole('img', { name: /^The screen of lamp, \d+ by \d+ pixels$/ })).toBeVisible();
    // Its firmware's messages.
    await expect.poll(() => colours(page), { timeout: 20_000 }).toBeGreaterThan(1);
    await expect(screen(page)).not.toContainText('black');
    await expect(page.getByRole('region', { name: 'Load' })).toContainText('NetworkQEMU does not tell.');
  } finally {
    const gone = once(qemu, 'exit');
    qemu.kill('SIGKILL');
    await gone;
    await rm(folder, { recursive: true });
  }
});
