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

const vitestReport = { numPassedTests: 3, numPendingTests: 2, numTodoTests: 1 };
const failedTest = {
  ...{ name: '/reveille/test/unit/a.test.ts', status: 'failed', message: '' },
  assertionResults: [
    { status: 'passed', fullName: 'wakes', failureMessages: [] },
    { status: 'failed', fullName: 'sleeps', failureMessages: ['\u001B[31mError\u001B[39m: no\n\n    at a.ts:1'] },
  ],
};

test('counts a Vitest report, with what failed and why; todo tests are skipped ones', async () => {
  const file = await report({ ...vitestReport, testResults: [failedTest] });
  expect(await countVitest(file)).toEqual({
    ...{ passed: 3, skipped: 3 },
    failures: ['a.test.ts > sleeps\n    Error: no\n        at a.ts:1'],
  });
});

test('a file that could not be loaded, or whose hook threw, is one more failure', async () => {
  const outside = { name: '/b.test.ts', status: 'failed', message: 'No such module' };
  const notLoaded = { ...outside, assertionResults: [] };
  const hookThrew = { ...outside, assertionResults: [{ status: 'skipped', fullName: 'wakes', failureMessages: [] }] };
  const file = await report({ ...vitestReport, testResults: [failedTest, notLoaded, hookThrew] });
  const told = 'b.test.ts\n    No such module';
  expect((await countVitest(file)).failures).toEqual([expect.stringMatching(/^a\.test\.ts > sleeps/), told, told]);
});

test('counts a Playwright report: flaky is failed, and errors outside of tests are one failure', async () => {
  const spec = (title: string, status: string, messages: string[] = []) => ({
    ...{ file: 'a.spec.ts', line: 7, title },
    tests: [{ status, results: [{ errors: messages.map((message) => ({ message })) }] }],
  });
  const content = {
    ...{ stats: { expected: 4, unexpected: 1, flaky: 1, skipped: 2 }, errors: [] },
    suites: [
      {
        specs: [spec('wakes', 'expected'), spec('sleeps', 'unexpected', ['Not seen', 'Timeout'])],
        suites: [{ specs: [spec('starts', 'flaky', ['Late'])] }],
      },
    ],
  };
  expect(await countPlaywright(await report(content))).toEqual({
    ...{ passed: 4, skipped: 2 },
    failures: ['a.spec.ts:7 > sleeps\n    Not seen\n    Timeout', 'a.spec.ts:7 > starts\n    Late'],
  });
  const errors = [{ message: 'No config' }, {}];
  expect((await countPlaywright(await report({ ...content, errors }))).failures.slice(2)).toEqual([
    'outside of any test\n    No config',
  ]);
});

test('of a long failure its beginning is told', async () => {
  const message = Array.from({ length: 90 }, (_, line) => `line ${line}`).join('\n');
  const file = await report({
    ...{ stats: { expected: 0, skipped: 0 }, suites: [], errors: [{ message }] },
  });
  const [told = ''] = (await countPlaywright(file)).failures;
  expect(told.split('\n')).toEqual(['outside of any test', ...message.split('\n', 12).map((line) => `    ${line}`)]);
});

test('a report that was never written counts nothing, and a broken one is an error', async () => {
  expect(await countVitest(path.join(folder, 'none.json'))).toEqual({ passed: 0, failures: [], skipped: 0 });
  const broken = path.join(folder, 'broken.json');
  await writeFile(broken, '{"numPassed');
  await expect(countPlaywright(broken)).rejects.toThrow(SyntaxError);
});

test('the closing line names skipped tests only where there are some', () => {
  const total = addCounts({ passed: 1, failures: [], skipped: 0 }, { passed: 2, failures: ['wakes'], skipped: 0 });
  expect(closingLine(total)).toBe('3 passed, 1 failed');
  expect(closingLine({ ...total, skipped: 4 })).toBe('3 passed, 1 failed, 4 skipped');
});
