import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StartRecipe } from '../../../main/hosts/discovery/found';
import { HostError } from '../../../main/hosts/host';
import { thisComputer } from '../../../main/hosts/this-computer';
import { fakeClock } from '../../fakes/clock';

let dir: string;

beforeEach(async () => {
  dir = await realpath(await mkdtemp(path.join(os.tmpdir(), 'rev-host-')));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const host = (scan: () => Promise<never[]> = () => Promise.resolve([])) =>
  thisComputer({ clock: fakeClock(), logDir: path.join(dir, 'logs'), scan, libvirtPlaces: [] });

const recipe = (script: string, more: Partial<StartRecipe> = {}): StartRecipe => ({
  executable: process.execPath,
  args: ['-e', script],
  cwd: dir,
  daemonizes: false,
  startsPaused: false,
  ...more,
});

describe('a start', () => {
  it('hands over every argument as it is, in its folder, through no shell', async () => {
    const odd = [
      '$(touch pwned)',
      '`touch pwned`',
      '; touch pwned',
      'a b',
      '"',
      '\\',
      '*',
      '',
      '-name',
      'ünïcødé',
      '\n',
    ];
    const script =
      'require("fs").writeFileSync("told.json", JSON.stringify({ args: process.argv.slice(1), cwd: process.cwd() }))';
    const { exited } = await host().launch(recipe(script, { args: ['-e', script, '--', ...odd] }));
    expect(await exited).toEqual({ code: 0, signal: null, output: '' });
    expect(JSON.parse(await readFile(path.join(dir, 'told.json'), 'utf8'))).toEqual({ args: odd, cwd: dir });
    expect((await readdir(dir)).sort()).toEqual(['logs', 'told.json']);
    expect(await readdir(path.join(dir, 'logs'))).toEqual([]);
  });

  it('tells the process, which is no member of the app’s session, and how it ended', async () => {
    const { pid, exited } = await host().launch(recipe('setTimeout(() => {}, 60_000)'));
    if (pid === null) throw new Error('No pid');
    if (process.platform === 'linux') {
      const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
      expect(Number(stat.slice(stat.lastIndexOf(')')).split(' ')[4])).toBe(pid);
    }
    expect(await host().processAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
    expect(await exited).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(await host().processAlive(pid)).toBe(false);
  });

  it('keeps the end of what the process said', async () => {
    const script = 'console.error("x".repeat(5000) + " the last words"); process.exitCode = 3';
    const { exited } = await host().launch(recipe(script));
    const { code, output } = await exited;
    expect(code).toBe(3);
    expect(output).toMatch(/the last words$/);
    expect(output.length).toBeLessThanOrEqual(600);
  });

  it.each<[string, (recipe: StartRecipe) => StartRecipe]>([
    ['the program is missing', (good) => ({ ...good, executable: '/nowhere/qemu-system-x86_64' })],
    ['the folder is missing', (good) => ({ ...good, cwd: '/nowhere' })],
    ['the folder is not known', (good) => ({ ...good, cwd: null })],
    ['the program is a folder', (good) => ({ ...good, executable: os.tmpdir() })],
  ])('fails with what to do when %s, and leaves nothing behind', async (_, spoil) => {
    const error: unknown = await host()
      .launch(spoil(recipe('')))
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HostError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/\S/),
      remedy: expect.stringMatching(/\.$/),
    });
    expect((await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.log'))).toEqual([]);
  });

  it('fails in words when its output cannot be written anywhere', async () => {
    await writeFile(path.join(dir, 'logs'), 'a file where the folder should be');
    const launched = host().launch(recipe(''));
    await expect(launched).rejects.toBeInstanceOf(HostError);
    await expect(launched).rejects.toMatchObject({ message: expect.stringContaining('logs') });
  });
});

describe('a process', () => {
  it('is alive while it runs; a zombie, or a pid of nobody, is not', async () => {
    const { processAlive } = host();
    expect(await processAlive(process.pid)).toBe(true);
    expect(await processAlive(2 ** 30)).toBe(false);
  });

  it.skipIf(process.platform !== 'linux')(
    'that has ended and is not waited for is not alive, whatever its name',
    async () => {
      // The shell starts a child that ends, and becomes a program that never waits for it.
      const shell = spawn('/bin/sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 30'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      try {
        const pid = await new Promise<number>((resolve) =>
          shell.stdout.once('data', (text: Buffer) => resolve(Number(text.toString()))),
        );
        const deadline = Date.now() + 5000;
        const isZombie = async () => /\) Z/.test(await readFile(`/proc/${pid}/stat`, 'latin1'));
        while (!(await isZombie())) {
          if (Date.now() > deadline) throw new Error('It did not become a zombie');
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        expect(await host().processAlive(pid)).toBe(false);
      } finally {
        shell.kill('SIGKILL');
      }
    },
  );
});

describe('a look at this computer', () => {
  it('that fails is told in words', async () => {
    const scan = host(() => Promise.reject(new Error('EMFILE'))).scan();
    await expect(scan).rejects.toBeInstanceOf(HostError);
    await expect(scan).rejects.toThrow('The processes of this computer cannot be listed: EMFILE');
  });
});
