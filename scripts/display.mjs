import { spawn } from 'node:child_process';
import { endChild, endWithUs } from './processes.mjs';

/** Whether a window can be opened where people see it. */
export function hasDisplay() {
  return process.platform !== 'linux' || Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
}

/**
 * Starts Xvfb on a free display. It ends with this process at the latest.
 * @returns {Promise<{ display: string, stop: () => Promise<void> }>} display as DISPLAY wants it
 * @throws Error when Xvfb is missing or ends at once
 */
export async function startDisplay() {
  const args = [
    '-displayfd',
    '3',
    '-screen',
    '0',
    '1440x900x24',
    '-dpi',
    '96',
    '-nolisten',
    'tcp',
    '-noreset',
  ];
  const child = spawn('Xvfb', args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'], detached: true });
  const release = endWithUs(child);
  let complaint = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => (complaint = `${complaint}${text}`.slice(-2000)));
  const number = await new Promise((resolve, reject) => {
    let text = '';
    child.once('error', (error) =>
      reject(new Error(`Xvfb could not be started (${error.message}). Is it installed?`)),
    );
    child.once('exit', () => reject(new Error(`Xvfb ended at once: ${complaint}`)));
    child.stdio[3]?.on('data', (chunk) => {
      text += chunk;
      if (text.endsWith('\n')) resolve(text.trim());
    });
  }).finally(() => child.exitCode !== null && release());
  return {
    display: `:${number}`,
    async stop() {
      await endChild(child);
      release();
    },
  };
}
