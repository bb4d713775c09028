import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** `failures`: each by its name and the beginning of what was said. @typedef {{ passed: number, failures: string[], skipped: number }} Counts */

/** Lines of a failure that are told again at the end. */
const TOLD_LINES = 12;

/** @type {Counts} */
export const NOTHING = { passed: 0, failures: [], skipped: 0 };

/**
 * @param {Counts} a
 * @param {Counts} b
 * @returns {Counts}
 */
export function addCounts(a, b) {
  return { passed: a.passed + b.passed, failures: [...a.failures, ...b.failures], skipped: a.skipped + b.skipped };
}

/** @param {Counts} counts */
export function closingLine({ passed, failures, skipped }) {
  return `${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * Counts Vitest's JSON report. A file that fails outside of any test (it cannot be loaded, a hook of it
 * throws) is one failure.
 * @param {string} file
 * @returns {Promise<Counts>} nothing when there is no report
 */
export async function countVitest(file) {
  const report = /** @type {VitestReport | undefined} */ (await readReport(file));
  if (!report) return NOTHING;
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((assertion) => assertion.status === 'failed');
    const where = path.basename(name);
    if (failed.length === 0) return status === 'failed' ? [failure(where, [message])] : [];
    return failed.map(({ fullName, failureMessages }) => failure(`${where} > ${fullName}`, failureMessages));
  });
  return { passed: report.numPassedTests, failures, skipped: report.numPendingTests + report.numTodoTests };
}

/**
 * Counts Playwright's JSON report. A flaky test counts as failed; so do errors outside of any test, as one.
 * @param {string} file
 * @returns {Promise<Counts>} nothing when there is no report
 */
export async function countPlaywright(file) {
  const report = /** @type {PlaywrightReport | undefined} */ (await readReport(file));
  if (!report) return NOTHING;
  const failures = report.suites.flatMap(allSpecs).flatMap(({ file: spec, line, title, tests }) =>
    tests
      .filter(({ status }) => status === 'unexpected' || status === 'flaky')
      .map(({ results }) => failure(`${spec}:${line} > ${title}`, results.flatMap(({ errors }) => errors).map(text))),
  );
  if (report.errors.length > 0) failures.push(failure('outside of any test', report.errors.map(text)));
  return { passed: report.stats.expected, failures, skipped: report.stats.skipped };
}

/**
 * @param {PlaywrightSuite} suite
 * @returns {PlaywrightSpec[]}
 */
function allSpecs({ specs, suites = [] }) {
  return [...specs, ...suites.flatMap(allSpecs)];
}

/** @param {{ message?: string }} error */
function text({ message = '' }) {
  return message;
}

/**
 * @param {string} name
 * @param {string[]} messages
 */
function failure(name, messages) {
  const lines = stripVTControlCharacters(messages.join('\n')).split('\n').filter((line) => line.trim() !== '');
  return [name, ...lines.slice(0, TOLD_LINES)].join('\n    ');
}

/**
 * @typedef {{ numPassedTests: number, numPendingTests: number, numTodoTests: number, testResults: { name: string,
 *   status: string, message: string, assertionResults: { status: string, fullName: string, failureMessages: string[] }[]
 *   }[] }} VitestReport
 * @typedef {{ file: string, line: number, title: string, tests: { status: string, results: { errors: { message?:
 *   string }[] }[] }[] }} PlaywrightSpec
 * @typedef {{ specs: PlaywrightSpec[], suites?: PlaywrightSuite[] }} PlaywrightSuite
 * @typedef {{ stats: { expected: number, skipped: number }, suites: PlaywrightSuite[], errors: { message?: string }[]
 *   }} PlaywrightReport
 */

/**
 * @param {string} file
 * @returns {Promise<unknown>} undefined when a runner left no report
 */
async function readReport(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}
