import { describe, expect, it } from 'vitest';
import { listAliases, resolveSettings } from '../../../../main/protocols/ssh/config';
import { loadConfig } from '../../../../main/protocols/ssh/config-file';
import type { ConfigReader } from '../../../../main/protocols/ssh/config-file';
import { globExpression } from '../../../../main/protocols/ssh/config-reader';
import { splitWords } from '../../../../main/protocols/ssh/config-lines';
import type { LocalUser } from '../../../../main/protocols/ssh/settings';

const local: LocalUser = {
  user: 'me',
  uid: 1000,
  home: '/home/me',
  hostName: 'desk.lan',
  env: { AGENT: '/run/agent', KEYS: '/keys' },
};

type Files = Readonly<Record<string, string>>;

function reader(files: Files): ConfigReader {
  return {
    readFile: async (path) => {
      if (files[path] === 'EACCES') throw new Error('EACCES: permission denied');
      return files[path] ?? null;
    },
    glob: async (pattern) => {
      const parts = pattern.split('/');
      const fits = (path: string) =>
        path.split('/').length === parts.length &&
        path.split('/').every((part, index) => globExpression(parts[index] ?? '').test(part));
      return Object.keys(files).filter(fits).sort();
    },
  };
}

const load = (files: Files | string) =>
  loadConfig(reader(typeof files === 'string' ? { '/home/me/.ssh/config': files } : files), {
    user: '/home/me/.ssh/config',
    system: '/etc/ssh/ssh_config',
    home: '/home/me',
  });

async function resolve(files: Files | string, host = 'nas') {
  const found = resolveSettings(await load(files), { host }, local);
  if (!found.ok) throw new Error(found.error);
  return found.settings;
}
const refusal = async (files: Files | string, host = 'nas') =>
  resolveSettings(await load(files), { host }, local);

describe('resolveSettings', () => {
  it('has OpenSSH’s defaults without a file', async () => {
    expect(await resolve({})).toEqual({
      alias: 'nas',
      host: 'nas',
      port: 22,
      user: 'me',
      identityFiles: ['rsa', 'ecdsa', 'ed25519', 'dsa'].map((kind) => `/home/me/.ssh/id_${kind}`),
      identityFilesAreDefaults: true,
      identitiesOnly: false,
      identityAgent: { kind: 'environment' },
      userKnownHostsFiles: ['/home/me/.ssh/known_hosts', '/home/me/.ssh/known_hosts2'],
      globalKnownHostsFiles: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
      hashKnownHosts: false,
      hostKeyAlias: null,
      strictHostKeyChecking: 'ask',
      preferredAuthentications: null,
      publicKeyAuthentication: true,
      passwordAuthentication: true,
      keyboardInteractiveAuthentication: true,
      numberOfPasswordPrompts: 3,
      addressFamily: 'any',
      connectTimeoutSeconds: null,
      proxyJump: [],
      ignored: [],
    });
  });

  it('replaces tokens, ~ and variables, in one pass', async () => {
    const settings = await resolve(
      [
        'HostName %h.Example.org',
        'User root',
        'Port 2222',
        'HostKeyAlias Store',
        'IdentityFile ~/.ssh/%n_%h_%p_%r_%k_%u_%i_%l_%L_%%d',
        'IdentityFile ${KEYS}/%d',
        'IdentityFile relative',
        'IdentityAgent $AGENT',
      ].join('\n'),
    );
    expect(settings.identityFiles).toEqual([
      '/home/me/.ssh/nas_nas.example.org_2222_root_store_me_1000_desk.lan_desk_%d',
      '/keys/home/me',
      '/home/me/relative',
    ]);
    expect(settings.identityAgent).toEqual({ kind: 'path', path: '/run/agent' });
    const alias = { host: 'n%hs', user: 'x' };
    const tricky = resolveSettings(await load('IdentityFile /k/%n'), alias, local);
    expect(tricky.ok && tricky.settings.identityFiles).not.toEqual(['/k/nn%hss']);
  });

  it('names paths that it cannot follow', async () => {
    const settings = await resolve(
      'IdentityFile ~bob/key\nIdentityFile ${NOPE}/key\nIdentityFile /k/%C\nIdentityFile /k/ok\nIdentityAgent $NOPE',
    );
    expect(settings.identityFiles).toEqual(['/k/ok']);
    expect(settings.identityAgent).toEqual({ kind: 'none' });
    expect(settings.ignored.map(({ option, why }) => `${option}: ${why}`)).toEqual([
      'IdentityFile: “~bob/key” names another user’s home; write its path.',
      'IdentityFile: The environment has no NOPE, which “${NOPE}/key” names.',
      'IdentityFile: The token %C of “/k/%C” is not supported.',
      'IdentityAgent: The environment has no NOPE; no agent is asked.',
    ]);
  });

  it('names what it does not honour, with file and line, and nothing else', async () => {
    const settings = await resolve(
      [
        'Host other\n  Ciphers aes128-ctr',
        'Host nas',
        '  ProxyCommand touch /tmp/never # %h',
        '  KexAlgorithms x',
        '  CertificateFile ~/.ssh/id-cert.pub',
        '  ForwardAgent yes',
        '  KnownHostsCommand none',
        '  Frobnicate yes',
        '  IgnoreUnknown Use*,Mac*',
        '  UseSomething yes',
        '  Port ninety',
      ].join('\n'),
    );
    expect(settings.ignored.map(({ option, line }) => [option, line])).toEqual([
      ['KexAlgorithms', 5],
      ['CertificateFile', 6],
      ['Frobnicate', 9],
      ['Port', 12],
      ['ProxyCommand', 4],
    ]);
    expect(settings.ignored.every(({ file }) => file === '/home/me/.ssh/config')).toBe(true);
    expect(settings.port).toBe(22);
  });

  it('tells the defaults of a distribution from what the user or an administrator chose', async () => {
    const settings = await resolve({
      '/home/me/.ssh/config': 'Ciphers aes128-ctr',
      '/etc/ssh/ssh_config': 'Include ssh_config.d/*.conf\nGSSAPIAuthentication yes\nCiphers x\nProxyCommand corp %h',
      '/etc/ssh/ssh_config.d/50-policy.conf': 'MACs x\nCertificateFile /corp/cert',
    });
    expect(settings.ignored.map(({ option, systemDefault = false }) => [option, systemDefault])).toEqual([
      ['Ciphers', false],
      ['MACs', true],
      ['CertificateFile', false],
      ['GSSAPIAuthentication', true],
      ['ProxyCommand', false],
    ]);
    const own = await resolve('GSSAPIAuthentication yes');
    expect(own.ignored).toMatchObject([{ option: 'GSSAPIAuthentication', line: 1 }]);
    expect(own.ignored[0]).not.toHaveProperty('systemDefault');
  });

  it('passes over what only a command or a second look could decide, and says so', async () => {
    const settings = await resolve(
      [
        'Match exec "touch /tmp/never" user me\n Port 1',
        'Match final all\n Port 2',
        'Match canonical\n Port 3',
        'Match tagged x\n Port 4',
        // Already decided without it.
        'Match user bob exec true\n Port 5',
        'Match host nas all\n Port 6',
        'Match user\n Port 7',
        'Match host nas user me\n Port 8',
      ].join('\n'),
    );
    expect(settings.port).toBe(8);
    expect(settings.ignored.map(({ option, line }) => [option, line])).toEqual([
      ['Match exec touch /tmp/never user me', 1],
      ['Match final all', 3],
      ['Match canonical', 5],
      ['Match tagged x', 7],
      ['Match host nas all', 11],
      ['Match user', 13],
    ]);
  });

  it('asks the user’s file before the system’s', async () => {
    const files = {
      '/home/me/.ssh/config': 'Host nas\n User mine',
      '/etc/ssh/ssh_config': 'Include ssh_config.d/*.conf\nUser ours\nPort 4',
      '/etc/ssh/ssh_config.d/a.conf': 'Port 3',
    };
    expect(await resolve(files)).toMatchObject({ user: 'mine', port: 3 });
    expect(await resolve(files, 'box')).toMatchObject({ user: 'ours', port: 3 });
  });

  it('includes files in the block where they stand, and ends their blocks with them', async () => {
    const files = {
      '/home/me/.ssh/config':
        'Host nas\nInclude conf.d/* ~/more "with blank"\nHost box\nInclude conf.d/a\nHost *\nUser last',
      '/home/me/.ssh/conf.d/a': 'Port 7\nHost other\nUser wrong',
      '/home/me/.ssh/conf.d/.hidden': 'Port 1',
      '/home/me/more': 'HostName store',
      '/home/me/.ssh/with blank': 'IdentitiesOnly yes',
    };
    expect(await resolve(files)).toMatchObject({
      port: 7,
      host: 'store',
      user: 'last',
      identitiesOnly: true,
    });
    expect(await resolve(files, 'third')).toMatchObject({ port: 22, host: 'third', user: 'last' });
    expect(await resolve(files, 'other')).toMatchObject({ user: 'last' });
  });

  it('names files and lines that cannot be read, and ends circles of files', async () => {
    const files = {
      '/home/me/.ssh/config': 'Include secret\nInclude loop\nPort\nUser "open\nInclude ~bob/x\nUser me2',
      '/home/me/.ssh/secret': 'EACCES',
      '/home/me/.ssh/loop': 'Include loop loop',
    };
    const settings = await resolve(files);
    expect(settings.user).toBe('me2');
    const whys = settings.ignored.map(({ option, why, file, line }) => `${file}:${line} ${option}: ${why}`);
    expect(whys).toContain(
      '/home/me/.ssh/secret:undefined Include: The file cannot be read: EACCES: permission denied',
    );
    expect(whys.filter((why) => why.includes('16 deep'))).toHaveLength(1);
    expect(whys.filter((why) => why.includes('500 files'))).toHaveLength(1);
    expect(whys).toContain('/home/me/.ssh/config:3 Port: Nothing follows the option.');
    expect(whys).toContain('/home/me/.ssh/config:4 User: A quote is not closed.');
    expect(whys).toContain('/home/me/.ssh/config:5 Include: “~bob/x” is no path to include.');
  });

  it('goes through several hosts, each with its own settings', async () => {
    const config = [
      'Host nas\n ProxyJump first,me@second:2200 # why',
      'Host first\n HostName one.lan\n ProxyJump outer\n IdentityFile /k/first',
      'Host second\n ProxyJump unused\n StrictHostKeyChecking yes',
      'Host *\n User all',
    ].join('\n');
    const { proxyJump, user } = await resolve(config);
    expect(user).toBe('all');
    expect(
      proxyJump.map((hop) => [hop.alias, hop.host, hop.port, hop.user, hop.strictHostKeyChecking]),
    ).toEqual([
      ['outer', 'outer', 22, 'all', 'ask'],
      ['first', 'one.lan', 22, 'all', 'ask'],
      ['second', 'second', 2200, 'me', 'yes'],
    ]);
    expect(proxyJump[1]?.identityFiles).toEqual(['/k/first']);
  });

  it('does not connect past a ProxyJump that it cannot read, nor in a circle', async () => {
    expect(await refusal('Host nas\nProxyJump "a,b"')).toMatchObject({
      ok: false,
      error: expect.stringContaining('ProxyJump of nas cannot be read'),
      line: 2,
    });
    expect(await refusal('Host *\nProxyJump a')).toMatchObject({
      ok: false,
      error: expect.stringContaining('circle'),
    });
    expect(await refusal('HostName "a b"')).toMatchObject({
      ok: false,
      error: expect.stringContaining('HostName'),
    });
    expect(await refusal('HostName %x')).toMatchObject({
      ok: false,
      error: expect.stringContaining('HostName'),
    });
  });

  it('takes switched-off files and agents for none', async () => {
    expect(await resolve('IdentityAgent none\nUserKnownHostsFile none\nIdentityFile none')).toMatchObject({
      identityAgent: { kind: 'none' },
      userKnownHostsFiles: [],
      identityFiles: [],
      identityFilesAreDefaults: false,
    });
  });
});

describe('listAliases', () => {
  it('lists names once, without patterns and what they exclude', async () => {
    const files = {
      '/home/me/.ssh/config': 'Host nas box *.lan !x\nHost "two words" nas\nInclude more\nHost y !y',
      '/home/me/.ssh/more': 'Host deep',
      '/etc/ssh/ssh_config': 'Host sys',
    };
    expect(listAliases(await load(files))).toEqual(['nas', 'box', 'deep', 'sys']);
  });
});

describe('splitWords', () => {
  it.each([
    ['a b', ['a', 'b']],
    ['"a b" c', ['a b', 'c']],
    ['a"b c"d', ['ab cd']],
    [`'a"b' x`, ['a"b', 'x']],
    ['a\\ b \\"c', ['a b', '"c']],
    ['"a\\ b"', ['a\\ b']],
    ['C:\\Users\\me', ['C:\\Users\\me']],
    ['a # b', ['a']],
    ['a#b', ['a#b']],
    ['""', ['']],
    ['"open', null],
    ['a\\', ['a\\']],
  ])('%s', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });
});
