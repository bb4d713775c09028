import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveSettings } from '../../main/protocols/ssh/config';
import { loadConfig } from '../../main/protocols/ssh/config-file';
import { nodeConfigReader } from '../../main/protocols/ssh/config-reader';
import type { LocalUser, SshSettings } from '../../main/protocols/ssh/settings';
import { formatTarget } from '../../main/protocols/ssh/target';
import type { SshTarget } from '../../main/protocols/ssh/target';
import { isMissing } from '../support/requires';
import { askSsh, hasCommand, hopsOfSsh, MAX_HOPS } from './ssh-tools';

const { username, uid } = userInfo();
const home = homedir();
const local: LocalUser = { user: username, uid, home, hostName: hostname(), env: process.env };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reveille-config-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function resolve(config: string, target: SshTarget) {
  const loaded = await loadConfig(nodeConfigReader, { user: config, system: null, home });
  return resolveSettings(loaded, target, local);
}

/** OpenSSH shows identity files unexpanded in -G, and default ones that no library can use. */
const identities = (files: readonly string[]) =>
  files
    .filter((file) => !/_sk$|_xmss$|^none$/i.test(file))
    .map((file) => file.replace(/^~/, home).replaceAll('%u', username));

const strictness: Readonly<Record<string, string>> = {
  true: 'yes',
  false: 'no',
  ask: 'ask',
  'accept-new': 'accept-new',
};

function expectSame(settings: SshSettings, ssh: ReadonlyMap<string, string[]>) {
  const one = (name: string) => ssh.get(name)?.join('|');
  expect({
    host: settings.host,
    port: String(settings.port),
    user: settings.user,
    identityFiles: settings.identityFiles,
    identitiesOnly: settings.identitiesOnly,
    userKnownHostsFiles: settings.userKnownHostsFiles.join(' '),
    strictHostKeyChecking: settings.strictHostKeyChecking,
    hashKnownHosts: settings.hashKnownHosts,
    hostKeyAlias: settings.hostKeyAlias,
    agent: settings.identityAgent.kind === 'path' ? settings.identityAgent.path : settings.identityAgent.kind,
  }).toEqual({
    host: one('hostname'),
    port: one('port'),
    user: one('user'),
    identityFiles: identities(ssh.get('identityfile') ?? []),
    identitiesOnly: one('identitiesonly') === 'yes',
    userKnownHostsFiles: one('userknownhostsfile') === 'none' ? '' : one('userknownhostsfile'),
    strictHostKeyChecking: strictness[one('stricthostkeychecking') ?? ''],
    hashKnownHosts: one('hashknownhosts') === 'yes',
    hostKeyAlias: one('hostkeyalias') ?? null,
    agent: one('identityagent')?.replace('SSH_AUTH_SOCK', 'environment') ?? 'environment',
  });
}

const hopsOf = ({ proxyJump }: SshSettings) =>
  proxyJump.map(({ host, user, port }) => formatTarget({ host, user, port }));

const ALIASES = ['nas', 'nas2', 'box', 'a.example.org', 'Bastion', 'jump1', 'jump2'];
const alias = fc.constantFrom('nas', 'nas', 'nas', ...ALIASES);
const indent = fc.constantFrom('', '  ', '\t');
const separator = fc.constantFrom(' ', '=', ' = ', '\t', '  ');
const pattern = fc.constantFrom(
  ...ALIASES,
  '*',
  'nas?',
  'n*',
  '!nas',
  '!n*2',
  '*.example.org',
  'jump?',
  '"box"',
  'bastion',
);
const quoted = (value: string) => fc.constantFrom(value, `"${value}"`, `'${value}'`);
const word = (...values: string[]) => fc.constantFrom(...values).chain(quoted);
const hop = fc.constantFrom('jump1', 'me@jump2', 'jump2:2200', 'root@10.0.0.9:2022', 'ssh://u@jump1:99');
const comment = fc.constantFrom('', '', '', ' # why', '  ', '\r');

const option = fc.oneof(
  fc.tuple(fc.constantFrom('HostName', 'hostname'), word('10.0.0.1', '%h.lan', 'Real.Example.org', '::1')),
  fc.tuple(
    fc.constant('User'),
    word('root', 'me', 'a b').map((user) => (user === 'a b' ? 'a\\ b' : user)),
  ),
  fc.tuple(fc.constantFrom('Port', 'PORT'), word('22', '2222', '65535')),
  fc.tuple(
    fc.constant('IdentityFile'),
    word('~/.ssh/id_a', '/keys/id_b', '~/.ssh/%u_key', 'none').chain((file) => fc.constant(file)),
  ),
  fc.tuple(
    fc.constant('IdentityFile'),
    fc.constantFrom('"/keys/with blank"', '/keys/with\\ blank', "'/keys/it\\'s'"),
  ),
  fc.tuple(fc.constant('IdentitiesOnly'), fc.constantFrom('yes', 'no', 'true', 'False')),
  fc.tuple(
    fc.constant('IdentityAgent'),
    fc.constantFrom('/run/agent-%r', 'none', 'SSH_AUTH_SOCK', '~/agent.sock'),
  ),
  fc.tuple(
    fc.constant('UserKnownHostsFile'),
    fc.constantFrom('/k/one', '/k/one /k/two', '"/k/with blank" ~/kh', 'none', '/k/%h-%n-%p-%k'),
  ),
  fc.tuple(
    fc.constant('StrictHostKeyChecking'),
    fc.constantFrom('yes', 'no', 'off', 'ask', 'accept-new', 'Yes'),
  ),
  fc.tuple(fc.constant('HashKnownHosts'), fc.constantFrom('yes', 'no')),
  fc.tuple(fc.constant('HostKeyAlias'), fc.constantFrom('store', 'Shelf')),
  fc.tuple(fc.constant('ForwardAgent'), fc.constant('no')),
);
const jump = fc.tuple(
  fc.constant('ProxyJump'),
  // "none # why" would be a host here, and a command of ProxyCommand.
  fc.oneof(
    fc.constant('none\n'),
    fc.array(hop, { minLength: 1, maxLength: 3 }).map((hops) => hops.join(',')),
  ),
);
const command = fc.tuple(fc.constant('ProxyCommand'), fc.constant('none\n'));

const optionLine = (choice: fc.Arbitrary<[string, string]>) =>
  fc
    .tuple(indent, choice, separator, comment)
    .map(([space, [name, value], by, end]) => `${space}${name}${by}${value}${end}`);
const noise = fc.constantFrom('', '   ', '# Host box', '\t# x');
const criteria = fc.oneof(
  fc.constantFrom('all', '!all'),
  fc
    .array(
      fc.constantFrom(
        ...[
          'host nas,box',
          'host *.lan',
          '!host n*',
          'originalhost nas',
          'user root',
          '!user me',
          `localuser ${username}`,
        ],
        ...['host 10.0.0.*,!10.0.0.1', 'originalhost "*,!box"', 'HOST BASTION', 'host ::1'],
      ),
      { minLength: 1, maxLength: 3 },
    )
    .map((parts) => parts.join(' ')),
);
const head = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(pattern, { minLength: 1, maxLength: 3 }).map((names) => `Host ${names.join(' ')}`),
  },
  { weight: 2, arbitrary: criteria.map((text) => `Match ${text}`) },
);
const block = (choices: fc.Arbitrary<[string, string]>) =>
  fc
    .tuple(head, fc.array(fc.oneof({ weight: 8, arbitrary: optionLine(choices) }, noise), { maxLength: 6 }))
    .map(([first, lines]) => [first, ...lines].join('\n'));
const fileOf = (choices: fc.Arbitrary<[string, string]>) =>
  fc
    .tuple(fc.array(optionLine(choices), { maxLength: 2 }), fc.array(block(choices), { maxLength: 5 }))
    .map(([lines, blocks]) => [...lines, ...blocks].join('\n'));
const target = fc.record(
  { host: alias, user: fc.constantFrom('root', 'typed'), port: fc.constantFrom(22, 9999) },
  { requiredKeys: ['host'] },
);

describe.skipIf(isMissing('ssh', hasCommand('ssh')))('ssh_config, as ssh -G reads it', () => {
  it('resolves generated files, includes among them', async () => {
    let jumps = 0;
    await fc.assert(
      fc.asyncProperty(
        fileOf(fc.oneof({ weight: 10, arbitrary: option }, { weight: 4, arbitrary: jump }, command)),
        fc.tuple(fileOf(option), fileOf(option)),
        fc.boolean(),
        fc.boolean(),
        target,
        async (content, included, before, guarded, asked) => {
          const path = join(folder, 'config');
          // Without it, a ProxyJump for many hosts is mostly a circle.
          const main = guarded ? `Host jump? 10.*\nProxyJump none\nHost *\n${content}` : content;
          const include = `Include ${join(folder, 'inc*.conf')} /nowhere/x`;
          // After the last block, the files are included in it.
          await writeFile(path, before ? `${include}\n${main}\n` : `${main}\n${include}`);
          for (const [index, text] of included.entries())
            await writeFile(join(folder, `inc${index}.conf`), text);
          const ssh = await askSsh(path, asked);
          const found = await resolve(path, asked);
          if (ssh === null) {
            expect(found).toMatchObject({ ok: false, error: expect.stringContaining('circle') });
            return;
          }
          const hops = (await hopsOfSsh(path, ssh.get('proxyjump')?.[0])).map(formatTarget);
          if (!found.ok) {
            expect(found.error).toContain('circle');
            expect(hops.length).toBeGreaterThan(MAX_HOPS);
            return;
          }
          expectSame(found.settings, ssh);
          // "none # why" is a command: a comment does not end it.
          const ignored = new Set(found.settings.ignored.map(({ option: name }) => name));
          if (ssh.has('proxycommand')) expect(ignored.delete('ProxyCommand')).toBe(true);
          if (hops.length > 0) ignored.delete('ProxyCommand');
          expect([...ignored]).toEqual([]);
          expect(hopsOf(found.settings)).toEqual(hops);
          if (hops.length > 0) jumps += 1;
        },
      ),
      { numRuns: 250 },
    );
    // Some 20 of 250.
    expect(jumps).toBeGreaterThan(0);
  });

  it('goes through the hosts that ssh would go through', async () => {
    const path = join(folder, 'hops');
    await writeFile(
      path,
      [
        'Host nas\n ProxyJump jump1,me@jump2:2200\n HostName 10.0.0.7',
        'Host box\n ProxyJump jump2',
        'Host jump1\n HostName One.example.org\n User first\n Port 2022\n ProxyJump outer',
        'Host jump2\n HostName two.example.org\n User second\n ProxyJump jump1',
        'Host outer\n HostName 192.0.2.1\n ProxyJump none',
        'Host *\n User me\n ProxyJump unused',
      ].join('\n'),
    );
    const lengths: number[] = [];
    for (const host of ['nas', 'box', 'outer']) {
      const found = await resolve(path, { host });
      if (!found.ok) throw new Error(found.error);
      const hops = await hopsOfSsh(path, (await askSsh(path, { host }))?.get('proxyjump')?.[0]);
      expect(hopsOf(found.settings), host).toEqual(hops.map(formatTarget));
      lengths.push(hops.length);
    }
    expect(lengths).toEqual([3, 3, 0]);
  });
});
