import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addCounts, closingLine, countPlaywright, countVitest } from '../../../scripts/test-counts.mjs';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'reveille-counts-'))));
afterEach(() => rm(folder, { recursive: true }));

async function report(content: unknown): Promise<string> {
  const file = path.join(folder, 'report.json');
  await writeFile(file, JSON.stringify(content));
  return file;
}

const vitestReport = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1 };
const failedTest = { status: 'failed', assertionResults: [{ status: 'passed' }, { status: 'failed' }] };

test('counts a Vitest report; todo tests are skipped ones', async () => {
  const file = await report({ ...vitestReport, testResults: [failedTest] });
  expect(await countVitest(file)).toEqual({ passed: 3, failed: 1, skipped: 3 });
});

test('a file that could not be loaded, or whose hook threw, is one more failure', async () => {
  const notLoaded = { status: 'failed', assertionResults: [] };
  const hookThrew = { status: 'failed', assertionResults: [{ status: 'skipped' }] };
  const file = await report({ ...vitestReport, testResults: [failedTest, notLoaded, hookThrew] });
  expect((await countVitest(file)).failed).toBe(3);
});

test('counts a Playwright report: flaky is failed, and errors outside of tests are one failure', async () => {
  const stats = { expected: 4, unexpected: 1, flaky: 1, skipped: 2 };
  expect(await countPlaywright(await report({ stats, errors: [] }))).toEqual({
    passed: 4,
    failed: 2,
    skipped: 2,
  });
  expect((await countPlaywright(await report({ stats, errors: [{}, {}] }))).failed).toBe(3);
});

test('a report that was never written counts nothing, and a broken one is an error', async () => {
  expect(await countVitest(path.join(folder, 'none.json'))).toEqual({ passed: 0, failed: 0, skipped: 0 });
  const broken = path.join(folder, 'broken.json');
  await writeFile(broken, '{"numPassed');
  await expect(countPlaywright(broken)).rejects.toThrow(SyntaxError);
});

test('the closing line names skipped tests only where there are some', () => {
  const total = addCounts({ passed: 1, failed: 0, skipped: 0 }, { passed: 2, failed: 1, skipped: 0 });
  expect(closingLine(total)).toBe('3 passed, 1 failed');
  expect(closingLine({ ...total, skipped: 4 })).toBe('3 passed, 1 failed, 4 skipped');
});
