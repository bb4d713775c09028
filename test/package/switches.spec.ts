import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { ROOT, UNPACKED } from './packages';

const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };

/** In a terminal without a desktop. */
function run(...args: string[]) {
  const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, ...env } = process.env;
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const { status, stdout, stderr } = spawnSync(path.join(UNPACKED, 'reveille'), [...asRoot, ...args], { env, encoding: 'utf8', timeout: 20_000 });
  return { status, stdout, stderr };
}

test('--version prints the version, and ends', () => {
  expect(run('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
});

test('--help names every switch and the links, and ends', () => {
  const { status, stdout } = run('--help');
  expect(status).toBe(0);
  for (const name of [version, '--user-data-dir', '--hidden', '--print-view', '--help', '--version', 'reveille://guest/']) expect(stdout).toContain(name);
});

test('a switch that is nearly one of its own is named, with what was meant', () => {
  const { stderr } = run('--prnt-view', '--version');
  expect(stderr).toContain('Reveille has no switch "--prnt-view"');
  expect(stderr).toContain('--print-view was probably meant');
});
