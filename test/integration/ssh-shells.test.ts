import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { marked, posix, shellCommand, unmark } from '../../main/protocols/ssh/shell';
import type { SshConnection } from '../../main/protocols/ssh/types';
import { isMissing, requireComponent } from '../support/requires';
import { attempt, endpointOf } from '../support/ssh-client';
import { makeKey } from '../support/ssh-keys';
import { accountsPresent, startSshd, type TestSshd } from '../support/sshd';

const SHELLS = ['/bin/sh', '/bin/bash', '/usr/bin/zsh', '/usr/bin/fish', '/bin/tcsh'] as const;
const NOISE = 'echo noise; echo noise >&2; printf "no newline"\n';
const NASTY = [
  ..."'\"`$!\\\n\r\t %*~#{}()[]<>|&;?^=-@,.0a",
  ...['$(id)', '!!', '!id', '\\n', '\\0101', "'\\''", '%s', '\u0001', '\u007f', 'é', '日本', '😀', '\u202e'],
];
const argument = fc.array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary' })), { maxLength: 12 });
const argv = fc.array(
  argument.map((pieces) => pieces.join('').replaceAll('\0', '')),
  { minLength: 1, maxLength: 6 },
);

describe.skipIf(isMissing('mount namespaces', accountsPresent))('login shells', () => {
  let sshd: TestSshd;
  let folder: string;
  const connections = new Map<string, SshConnection>();
  const shells = SHELLS.filter((path) => existsSync(path));
  const nameOf = (shell: string) => `user-${shell.split('/').at(-1)}`;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'reveille-shells-'));
    const key = makeKey(folder);
    const accounts = [...shells.map((shell) => ({ name: nameOf(shell), shell })), {
      name: 'noisy',
      shell: '/bin/bash',
      files: { '.bashrc': NOISE },
    }];
    sshd = await startSshd({ authorizedKeys: [key], accounts });
    for (const { name } of accounts) connections.set(name, await attempt(endpointOf(sshd, key, { user: name })).connection);
  });
  afterAll(async () => {
    await sshd?.stop();
    rmSync(folder, { recursive: true });
  });

  it.for(SHELLS)('%s hands arguments on as they are', async (shell, { skip }) => {
    requireComponent(shell, existsSync(shell), skip);
    const connection = connections.get(nameOf(shell))!;
    await fc.assert(
      fc.asyncProperty(argv, async (args) => {
        const { stdout, stderr, code } = await connection.exec(posix(shellCommand(['printf', '%s\\0', ...args])));
        expect(stderr.toString()).toBe('');
        expect(stdout).toEqual(Buffer.from(args.map((each) => `${each}\0`).join('')));
        expect(code).toBe(0);
      }),
      { numRuns: 60, interruptAfterTimeLimit: 60_000 },
    );
  });

  it.for(SHELLS)('%s runs a script of several lines, its stdin and exit code included', async (shell, { skip }) => {
    requireComponent(shell, existsSync(shell), skip);
    const script = "x='a!b'\nwhile read -r line; do\n  echo \"$x $line\" # !comment\ndone\nexit 7";
    const result = await connections.get(nameOf(shell))!.exec(posix(script), { stdin: 'one\ntwo\\\n' });
    expect([result.stdout.toString(), result.stderr.toString(), result.code]).toEqual(['a!b one\na!b two\\\n', '', 7]);
  });

  it('what a start-up file says can be told from what a command says', async () => {
    const noisy = connections.get('noisy')!;
    const plain = await noisy.exec(posix('echo mine'));
    expect(plain.stdout.toString()).toBe('noise\nno newlinemine\n');
    const { stdout } = await noisy.exec(marked('printf mine; exit 3', 'mark-4711'));
    expect(unmark(stdout, 'mark-4711')).toEqual({ stdout: Buffer.from('mine'), code: 3 });
    expect(unmark(plain.stdout, 'mark-4711')).toBeNull();
  });
});
