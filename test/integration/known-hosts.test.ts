import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprint } from '../../main/protocols/ssh/fingerprint';
import {
  entriesFor,
  knownHostLine,
  parseKnownHosts,
  verifyHostKey,
} from '../../main/protocols/ssh/known-hosts';
import { appendKnownHost, nodeKnownHostsFs } from '../../main/protocols/ssh/known-hosts-file';
import { isMissing } from '../support/requires';
import { hasCommand } from './ssh-tools';

const run = promisify(execFile);
const missing = isMissing('ssh-keygen', hasCommand('ssh-keygen'));
const KINDS = [
  ['ed25519', '256'],
  ['ecdsa', '256'],
  ['ecdsa', '384'],
  ['ecdsa', '521'],
  ['rsa', '1024'],
] as const;

let folder: string;
/** Public keys, as their files have them: type, base64, comment. */
const publicKeys: string[] = [];
/** As ssh-keygen shows them. */
const fingerprints: string[] = [];
const bytesOf = (line: string) => Buffer.from(line.split(' ')[1] ?? '', 'base64');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reveille-known-hosts-'));
  if (missing) return;
  for (const [index, [type, bits]] of KINDS.entries()) {
    const path = join(folder, `key${index}`);
    await run('ssh-keygen', ['-q', '-t', type, '-b', bits, '-N', '', '-C', `key ${index}`, '-f', path]);
    publicKeys.push((await readFile(`${path}.pub`, 'utf8')).trim());
    const { stdout } = await run('ssh-keygen', ['-lf', `${path}.pub`]);
    fingerprints.push(stdout.split(' ')[1]!);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Found {
  line: number;
  marker: string;
  fingerprint: string;
}

/**
 * The lines that ssh-keygen finds for a name. Without -l it would show lines whose key cannot be read, too.
 */
async function askKeygen(file: string, name: string): Promise<Found[]> {
  let output: string;
  try {
    output = (await run('ssh-keygen', ['-l', '-F', name, '-f', file])).stdout;
  } catch (error) {
    // 1: not found.
    if (error instanceof Error && 'code' in error && error.code === 1) return [];
    throw error;
  }
  const lines = output.matchAll(/^# Host .* found: line (\d+) ?(CA|REVOKED)?\n\S+ \S+ (SHA256:\S+)/gm);
  return [...lines].map(([, line, marker, found = '']) => ({
    line: Number(line),
    marker: { CA: 'cert-authority', REVOKED: 'revoked' }[marker ?? ''] ?? 'none',
    fingerprint: found,
  }));
}

const HOSTS = [
  'nas',
  'nas2',
  'box.lan',
  'a.example.org',
  'b.example.org',
  '10.0.0.1',
  '10.0.0.12',
  '::1',
  'xn--bx-hka',
];
const PORTS = [22, 2222, 22022];
const withPort = (host: string, port: number) => (port === 22 ? host : `[${host}]:${port}`);
const host = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('nas', 'nas', 'nas', 'nas', ...HOSTS) },
  fc.stringMatching(/^[a-z][a-z0-9-]{0,8}(\.[a-z]{1,4})?$/),
);
const port = fc.constantFrom(...PORTS);
const asked = fc.tuple(host, port);

const pattern = fc.oneof(
  { weight: 4, arbitrary: asked.map(([name, at]) => withPort(name, at)) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[
        '*',
        'nas*',
        'n?s',
        '*.example.org',
        '?.EXAMPLE.org',
        '10.0.0.*',
        '10.0.0.1?',
        '[*]:2222',
        '[nas]:*',
      ],
      ...[
        '[*.example.org]:22022',
        '*:2222',
        '[box.lan]:2?22',
        '**s*',
        'NAS',
        '[Nas]:2222',
        '[nas]:22',
        '',
        'nas,,',
      ],
    ),
  },
);
const patternList = fc
  .array(fc.tuple(fc.boolean(), pattern), { minLength: 1, maxLength: 4 })
  .map((list) =>
    list.map(([negated, text], index) => (negated && index % 2 === 1 ? `!${text}` : text)).join(','),
  )
  .filter((list) => list !== '');
/** Hashed by us and, see below, by ssh-keygen; some are damaged. */
const hashed = fc
  .tuple(asked, fc.constantFrom('', '', '', 'x', '='), fc.boolean())
  .map(([[name, at], tail, upper]) => {
    const line = knownHostLine({ host: upper ? name.toUpperCase() : name, port: at }, bytesOf(ED25519), {
      hash: true,
    });
    return `${line.split(' ')[0] ?? ''}${tail}`;
  });
/** Any key will do to make a hashed name. */
const ED25519 = `ssh-ed25519 ${Buffer.concat([
  Buffer.from('\0\0\0\u000bssh-ed25519\0\0\0\u0020'),
  Buffer.alloc(32, 7),
]).toString('base64')}`;

const keyIndex = fc.constantFrom(0, 0, 0, 1, 2, 3, 4);
type Content = { index: number } | { text: string };
interface Entry {
  space: string;
  marker: string;
  names: string;
  gap: string;
  key: Content;
  damage: string;
}
const key: fc.Arbitrary<Content> = fc.oneof(
  { weight: 9, arbitrary: keyIndex.map((index) => ({ index })) },
  fc
    .constantFrom(
      'ssh-ed25519',
      'ssh-ed25519 AAAA',
      'ssh-rsa !!!!',
      'nonsense AAAAC3NzaC1lZDI1NTE5',
      '# no key',
    )
    .map((text) => ({
      text,
    })),
);
const entry: fc.Arbitrary<Entry> = fc.record({
  space: fc.constantFrom('', '', ' ', '\t'),
  marker: fc.constantFrom('', '', '', '', '', '@revoked ', '@revoked ', '@cert-authority  ', '@unknown '),
  names: fc.oneof({ weight: 3, arbitrary: patternList }, hashed),
  gap: fc.constantFrom(' ', '\t', '  '),
  key,
  damage: fc.constantFrom('', '', '', '', '', '', '=', 'A'),
});
const line = fc.oneof(
  { weight: 8, arbitrary: entry },
  fc.constantFrom('', '# nas ssh-ed25519 AAAA', '   ', 'nas', '@revoked'),
);

function write(lines: readonly (string | Entry)[]): string {
  return lines
    .map((part) => {
      if (typeof part === 'string') return part;
      const text = 'text' in part.key ? part.key.text : (publicKeys[part.key.index] ?? '');
      const [type = '', base64 = '', ...comment] = text.split(' ');
      const names = `${part.space}${part.marker}${part.names}${part.gap}`;
      return `${names}${type} ${base64}${part.damage} ${comment.join(' ')}`;
    })
    .join('\n');
}

/**
 * The verdict on the key with this fingerprint, by check_host_key of OpenSSH's sshconnect.c, from what ssh-
 * keygen finds for [name]:port and for the plain name.
 */
function expected(own: readonly Found[], plain: readonly Found[], shown: string): object {
  const revoked = [...own, ...plain].find((one) => one.marker === 'revoked' && one.fingerprint === shown);
  if (revoked) return { kind: 'revoked', line: revoked.line };
  const recorded = own.filter((one) => one.marker === 'none');
  const same = recorded.find((one) => one.fingerprint === shown);
  if (same) return { kind: 'known', line: same.line };
  // No two of the keys are of one type, so the first line is the one to show.
  if (recorded[0]) return { kind: 'changed', line: recorded[0].line, fingerprint: recorded[0].fingerprint };
  const samePlain = plain.find((one) => one.marker === 'none' && one.fingerprint === shown);
  return samePlain ? { kind: 'known', line: samePlain.line } : { kind: 'unknown' };
}

describe.skipIf(missing)('known_hosts, as ssh-keygen reads it', () => {
  it('finds the lines that ssh-keygen -F finds, and judges keys by them', async () => {
    const seen = { known: 0, unknown: 0, changed: 0, revoked: 0 };
    const path = join(folder, 'generated');
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 8 }),
        fc.array(asked, { minLength: 1, maxLength: 2 }),
        keyIndex,
        fc.boolean(),
        async (lines, names, shown, finalLineEnd) => {
          // ssh-keygen takes the key of the line before for that of a last line that is a bare name without a line end.
          const text = `${write(lines)}${finalLineEnd || lines.at(-1) === 'nas' ? '\n' : ''}`;
          await writeFile(path, text);
          const entries = parseKnownHosts(path, text);
          for (const [name, at] of names) {
            const found = await askKeygen(path, withPort(name, at));
            const ours = entriesFor(entries, { host: name, port: at });
            const summary = ours.map((one) => ({
              line: one.line,
              marker: one.marker,
              fingerprint: fingerprint(one.key),
            }));
            expect(summary).toEqual(found);
            const plain = at === 22 ? [] : await askKeygen(path, name);
            const verdict = verifyHostKey(entries, { host: name, port: at }, bytesOf(publicKeys[shown]!));
            expect(verdict).toMatchObject(expected(found, plain, fingerprints[shown]!));
            seen[verdict.kind] += 1;
          }
        },
      ),
      { numRuns: 400 },
    );
    for (const [kind, times] of Object.entries(seen)) expect(times, kind).toBeGreaterThan(0);
  });

  it('finds in files that ssh-keygen -H hashed, and ssh-keygen finds what is appended', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(asked, { minLength: 1, maxLength: 6, selector: ([name, at]) => withPort(name, at) }),
        fc.boolean(),
        keyIndex,
        async (names, hash, shown) => {
          const path = join(folder, 'appended');
          await rm(path, { force: true });
          const bytes = bytesOf(publicKeys[shown]!);
          for (const [name, at] of names) {
            await appendKnownHost(
              [path],
              nodeKnownHostsFs,
              knownHostLine({ host: name, port: at }, bytes, { hash }),
            );
          }
          for (const [index, [name, at]] of names.entries()) {
            expect(await askKeygen(path, withPort(name, at))).toEqual([
              { line: index + 1, marker: 'none', fingerprint: fingerprints[shown] },
            ]);
          }
          if (hash) return;
          await run('ssh-keygen', ['-H', '-f', path]);
          const text = await readFile(path, 'utf8');
          expect(text).not.toContain(names[0]![0].length > 3 ? names[0]![0] : '[');
          const entries = parseKnownHosts(path, text);
          for (const [index, [name, at]] of names.entries()) {
            const verdict = verifyHostKey(entries, { host: name.toUpperCase(), port: at }, bytes);
            expect(verdict).toEqual({ kind: 'known', file: path, line: index + 1 });
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('shows fingerprints as ssh-keygen -lf does', async () => {
    for (const [index, [, bits]] of KINDS.entries()) {
      const { stdout } = await run('ssh-keygen', ['-lf', join(folder, `key${index}.pub`)]);
      const bytes = bytesOf(publicKeys[index]!);
      expect(stdout).toContain(`${bits} ${fingerprint(bytes)} key ${index} (`);
    }
  });
});
