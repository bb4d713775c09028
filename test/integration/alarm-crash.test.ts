import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAlarmStore } from '../../main/alarms/store';
import { compileChild, type ChildProgram } from '../support/child-program';

const KILLS = 500;
/** Children that run side by side, each on files of its own. */
const LANES = 4;
/** A child is killed this long after it began to change alarms, at most, in ms. */
const LIFE_MS = 25;

/** What may be found of a guest's alarm: due instants, and whether there may be none. */
interface Expected {
  readonly dues: readonly number[];
  readonly none: boolean;
}

/** What was acknowledged, and what was begun. */
function told(before: ReadonlyMap<string, Expected>, lines: readonly string[]): Map<string, Expected> {
  const expected = new Map(before);
  for (const line of lines) {
    const [word, guest = '', due = 0] = JSON.parse(line) as [string, string?, number?];
    const known = expected.get(guest) ?? { dues: [], none: true };
    switch (word) {
      case 'arming':
      case 'moving':
        expected.set(guest, { ...known, dues: [...known.dues, due] });
        break;
      case 'armed':
      case 'held':
      case 'moved':
        expected.set(guest, { dues: [due], none: false });
        break;
      case 'cancelling':
        expected.set(guest, { ...known, none: true });
        break;
      case 'cancelled':
        expected.set(guest, { dues: [], none: true });
        break;
      case 'ready':
        break;
      default:
        throw new Error(`The child says ${line}`);
    }
  }
  return expected;
}

/** Runs the child on `dir` until it is killed. @returns its lines; the last may have been cut off, and is left out then */
function runAndKill(file: string, dir: string, seed: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, dir, String(seed)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (out === '') setTimeout(() => child.kill('SIGKILL'), Math.random() * LIFE_MS);
      out += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`The child ended by itself (${code ?? signal}): ${err}`));
      else resolve(out.split('\n').slice(0, -1));
    });
  });
}

describe(`an app that is killed ${KILLS} times while it changes alarms`, () => {
  let program: ChildProgram;
  let folder: string;

  beforeAll(async () => {
    program = await compileChild('test/support/alarm-child.ts');
    folder = await mkdtemp(path.join(os.tmpdir(), 'alarm-crash-'));
  });
  afterAll(async () => {
    await program?.remove();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  test('has its file whole each time, with every alarm that it acknowledged', async () => {
    let acknowledged = 0;
    const lane = async (name: string) => {
      const dir = path.join(folder, name);
      let expected: ReadonlyMap<string, Expected> = new Map();
      for (let kill = 0; kill < KILLS / LANES; kill += 1) {
        const lines = await runAndKill(program.file, dir, Math.floor(Math.random() * 2 ** 31));
        acknowledged += lines.filter((line) => /^\["(armed|held|moved|cancelled)"/.test(line)).length;
        expected = told(expected, lines);
        const store = await openAlarmStore({ dir });
        expect(store.problem).toBeUndefined();
        for (const [guest, { dues, none }] of expected) {
          const found = store.value.find(({ guestId }) => guestId === guest);
          const what = `${guest} after ${lines.slice(-6).join(' ')}`;
          if (!found) expect(none, what).toBe(true);
          else expect(dues, what).toContain(found.due);
        }
        // What is on disk now is what the next run starts with.
        expected = new Map(
          [...expected.keys()].map((guest) => {
            const found = store.value.find(({ guestId }) => guestId === guest);
            return [guest, { dues: found ? [found.due] : [], none: !found }];
          }),
        );
      }
      const strange = (await readdir(dir)).filter((file) => !/^alarms\.json(\.bak)?$|\.tmp$/.test(file));
      expect(strange).toEqual([]);
    };
    await Promise.all(Array.from({ length: LANES }, (_, n) => lane(`lane-${n}`)));
    // How much is done before each end depends on the computer; that much is done by any.
    expect(acknowledged).toBeGreaterThan(KILLS / 10);
  });
});
