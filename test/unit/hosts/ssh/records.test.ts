import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRecords, RecordsError, runScript, utf8Of } from '../../../../main/hosts/ssh/records';
import { localRemote, SHELLS } from './local-remote';

const TOKEN = 'f'.repeat(32);

describe('parseRecords', () => {
  it('gives back what was written, whatever bytes the bodies hold', () => {
    const record = fc.record({
      name: fc.stringMatching(/^[a-z]{1,8}$/).filter((name) => name !== 'end'),
      words: fc.array(fc.stringMatching(/^[\w.]{1,8}$/)),
      body: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    });
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const text = records
          .map(({ name, words, body }) => `\n${TOKEN} ${[name, ...words].join(' ')}\n${body}`)
          .join('');
        expect(parseRecords(`${TOKEN}\n${text}\n${TOKEN} end\n`, TOKEN)).toEqual(records);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['something before the token', `hello\n${TOKEN}\n\n${TOKEN} end\n`],
    ['no end', `${TOKEN}\n\n${TOKEN} a\nbody`],
    ['records after the end', `${TOKEN}\n\n${TOKEN} end\n\n${TOKEN} a\n`],
  ])('refuses %s', (_what, text) => {
    expect(() => parseRecords(text, TOKEN)).toThrow(RecordsError);
  });
});

describe('runScript', () => {
  it.each(SHELLS)('runs in %s, whatever the login shell says around it', async (shell) => {
    const noisy = `echo welcome; echo trouble >&2; echo "${TOKEN} end"; eval "$0"; echo bye`;
    const remote = localRemote({ shell, login: ['/bin/bash', '-c', noisy] });
    const records = await runScript(remote, `rec "a b c"; printf '1\\0002\\n'\nrec d`);
    expect(records).toEqual([
      { name: 'a', words: ['b', 'c'], body: '1\u00002\n' },
      { name: 'd', words: [], body: '' },
    ]);
  });

  it('says what a shell says that runs no commands', async () => {
    const remote = localRemote({
      login: ['/bin/sh', '-c', 'echo "This account is \u001b[1mclosed." >&2; exit 1'],
    });
    await expect(runScript(remote, 'rec a')).rejects.toThrow(
      /^Its shell did not run a script: This account is +\[1mclosed$/,
    );
    const nologin = localRemote({ login: ['/bin/sh', '-c', 'echo "Not available."; exit 1'] });
    await expect(runScript(nologin, 'rec a')).rejects.toThrow(/: Not available$/);
  });

  it('refuses an answer that broke off', async () => {
    await expect(runScript(localRemote(), 'rec a; exit 0')).rejects.toThrow(RecordsError);
  });

  it('keeps the token out of every command line', async () => {
    const records = await runScript(
      localRemote(),
      `rec lines; tr '\\000' ' ' < "/proc/$$/cmdline"; [ \${#token} = 32 ] && rec here`,
    );
    expect(records.map(({ name }) => name)).toEqual(['lines', 'here']);
    const remote = localRemote();
    let sent = '';
    await runScript(
      {
        exec: (command, options) =>
          remote.exec(command, { ...options, stdin: (sent = options?.stdin ?? '') }),
      },
      'rec a',
    );
    expect(sent).toMatch(/^[0-9a-f]{32}\n$/);
    expect(remote.commands[0]).not.toContain(sent.trim());
  });
});

it('tells text from other bytes', () => {
  expect(utf8Of(Buffer.from('ü\n').toString('latin1'))).toEqual({ text: 'ü\n', exact: true });
  expect(utf8Of('a\u00ff').exact).toBe(false);
});
