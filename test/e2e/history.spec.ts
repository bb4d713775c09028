import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Page } from '@playwright/test';
import type { CommandArgs, CommandName, CommandResult } from '../../preload/contract/commands';
import { expect, test } from './fixtures';
import type { LaunchedApp } from './launch';

/** Calls the bridge as the window does. */
const call = <N extends CommandName>(page: Page, name: N, args: CommandArgs<N>): Promise<CommandResult<N>> =>
  page.evaluate(
    ([command, given]) => (window as unknown as { api: Record<string, (args: unknown) => unknown> }).api[command]?.(given),
    [name, args] as const,
  ) as Promise<CommandResult<N>>;

/** What the user does with the next dialogs that ask where to save. */
const answerWith = ({ app }: LaunchedApp, filePath: string | null) =>
  app.evaluate(({ dialog }, answer) => {
    const asked: unknown[] = [];
    Object.assign(globalThis, { asked });
    dialog.showSaveDialog = (...args: unknown[]) => {
      asked.push(args.at(-1));
      return Promise.resolve({ canceled: answer === null, filePath: answer ?? '' });
    };
  }, filePath);

test('the history is kept over a crash, drawn, and exported to where the user says', async ({ launch }) => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'export-'));
  const first = await launch();
  await call(first.page, 'openDemo', {});
  const demo = await call(first.page, 'readTimeline', { ids: [], from: Date.now() - 3_600_000, to: Date.now() });
  expect(demo.ok && demo.value.map(({ name }) => name)).toEqual(expect.arrayContaining(['nas', 'Demo']));
  await expect.poll(() => readdir(path.join(first.userDataDir, 'history'))).toHaveLength(1);
  await first.crash();

  const second = await launch();
  const file = path.join(dir, 'mine.json');
  await answerWith(second, file);
  expect(await call(second.page, 'exportHistory', { ids: ['local'], format: 'json' })).toEqual({ ok: true, value: { path: file } });
  const { subjects } = JSON.parse(await readFile(file, 'utf8')) as { subjects: { kind: string; states: { state: string }[] }[] };
  expect(subjects).toHaveLength(1);
  expect(subjects[0]?.kind).toBe('host');
  expect(subjects[0]?.states.map(({ state }) => state).at(-1)).toBe('running');
  const asked = await second.app.evaluate(() => (globalThis as unknown as { asked: { defaultPath: string }[] }).asked);
  expect(path.basename(asked[0]?.defaultPath ?? '')).toMatch(/^reveille-history-\d{4}-\d\d-\d\d\.json$/);

  await answerWith(second, path.join(dir, 'mine.csv'));
  await call(second.page, 'exportHistory', { ids: [], format: 'csv' });
  expect(await readFile(path.join(dir, 'mine.csv'), 'utf8')).toMatch(/^time,until,name,.*\r\n.*,host,,local,stretch,running,/);

  await answerWith(second, null);
  expect(await call(second.page, 'exportHistory', { ids: [], format: 'csv' })).toEqual({ ok: true, value: { path: null } });

  const folder = path.join(dir, 'a folder.csv');
  await mkdir(path.join(folder, 'with something'), { recursive: true });
  await answerWith(second, folder);
  const refused = await call(second.page, 'exportHistory', { ids: [], format: 'csv' });
  expect(refused.ok ? null : refused.refusal.code).toBe('storage');
  expect(refused.ok ? '' : refused.refusal.message).toMatch(/a folder\.csv could not be saved.*Choose another place\./);
  expect((await readdir(dir)).sort()).toEqual(['a folder.csv', 'mine.csv', 'mine.json']);
  await rm(dir, { recursive: true, force: true });
});
