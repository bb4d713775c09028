import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { chromium } from '@playwright/test';
import type { Bench } from './bench';
import { interleaved } from './measure';

const PACKAGED = ['dist/linux-unpacked/reveille', 'dist/trial/linux-unpacked/reveille'].map((file) => path.resolve(file));
const packaged = () => PACKAGED.find((file) => existsSync(file));
const ELECTRON = path.resolve('node_modules/electron/dist/electron');
const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

/** An app that shows a sentence, and nothing else: what Electron itself takes. */
const EMPTY_MAIN = `const { app, BrowserWindow } = require('electron');
app.whenReady().then(() => new BrowserWindow({ width: 1280, height: 800 }).loadFile(__dirname + '/index.html'));`;

export const bench: Bench = {
  title: 'Start of the packaged app, until its window shows the list',
  programs: [],
  obstacle() {
    if (packaged() === undefined) return 'there is no package: npm run dist makes one.';
    if (!process.env['DISPLAY']) return 'there is no display.';
    if (!existsSync(ELECTRON)) return 'there is no Electron beside it: npm start gets one.';
    return undefined;
  },
  async run() {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'empty-app-'));
    await writeFile(path.join(dir, 'package.json'), JSON.stringify({ name: 'empty', main: 'main.js' }));
    await writeFile(path.join(dir, 'main.js'), EMPTY_MAIN);
    await writeFile(path.join(dir, 'index.html'), '<!doctype html><title>Empty</title><p>Nothing.</p>');
    try {
      return await interleaved(
        [
          { label: 'Electron with a page of one sentence', run: () => start(ELECTRON, [dir], 'p') },
          { label: 'Reveille', run: () => start(packaged()!, [], '[role="grid"], h2, h3') },
        ],
        { rounds: 7 },
      );
    } finally {
      await rm(dir, { recursive: true });
    }
  },
};

/** @returns ms from the start of the process until the largest thing of its first page was painted */
async function start(program: string, args: readonly string[], shows: string): Promise<number> {
  const profile = await mkdtemp(path.join(os.tmpdir(), 'start-up-'));
  await writeFile(
    path.join(profile, 'settings.json'),
    await readFile(path.resolve('test/bench/settings.json'), 'utf8'),
  );
  const begin = Date.now();
  const app = spawn(program, [...args, ...sandbox, '--user-data-dir', profile, '--remote-debugging-port=0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: undefined },
  });
  const ended = new Promise((resolve) => app.once('exit', resolve));
  try {
    const address = await new Promise<string>((resolve, reject) => {
      let said = '';
      void ended.then(() => reject(new Error(`It ended: ${said}`)));
      app.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        const found = /DevTools listening on (ws:\S+)/.exec(said);
        if (found) resolve(found[1]!);
      });
    });
    const browser = await chromium.connectOverCDP(address, { noDefaults: true });
    const [context] = browser.contexts();
    const page = context!.pages()[0] ?? (await context!.waitForEvent('page'));
    await page.waitForSelector(shows);
    const painted = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          new PerformanceObserver((list) => {
            const last = list.getEntries().at(-1);
            if (last) resolve(performance.timeOrigin + last.startTime);
          }).observe({ type: 'largest-contentful-paint', buffered: true });
        }),
    );
    await browser.close();
    return painted - begin;
  } finally {
    app.kill('SIGTERM');
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
