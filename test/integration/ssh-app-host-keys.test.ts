import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, lstat, mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isMissing } from '../support/requires';
import { makeKey, type TestKey } from '../support/ssh-keys';
import { hostLines, linesOf, startSshUser, type SshUser } from '../support/ssh-user';
import { sshdPresent, startSshd, type TestSshd } from '../support/sshd';

/** What sshd says at LogLevel DEBUG as soon as anything is said about a user. */
const AUTHENTICATION = /userauth-request|Accepted|Failed|Postponed/;

describe.skipIf(isMissing('OpenSSH', sshdPresent))('host keys', () => {
  let folder: string;
  let key: TestKey;
  let sshd: TestSshd;
  let user: SshUser;
  const ending: { stop(): Promise<void> }[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'reveille-host-keys-'));
    key = makeKey(folder);
    sshd = await serve();
  });
  beforeEach(async () => {
    user = await startSshUser();
    await configure();
    // What it says of the connections before is not about this test.
    await expect.poll(() => sshd.sessions()).toEqual([]);
    sshd.clearLog();
  });
  afterEach(() => user.stop());
  afterAll(async () => {
    for (const each of ending.splice(0)) await each.stop();
    rmSync(folder, { recursive: true });
  });

  const serve = async (options: Parameters<typeof startSshd>[0] = {}): Promise<TestSshd> => {
    const server = await startSshd({ authorizedKeys: [key], config: ['LogLevel DEBUG1'], ...options });
    ending.push(server);
    return server;
  };
  const configure = (...more: string[]) => user.configure(...hostLines('nas', sshd, `IdentityFile ${key.path}`, ...more));
  const shown = () => sshd.hostKeys[0]!;
  const place = () => `[127.0.0.1]:${sshd.port}`;
  /** A connection ended before anything was said about a user. */
  const nothingTold = async (server = sshd) => {
    await server.logged(/(closed|reset|disconnect).*\[preauth\]/i);
    expect(server.log()).not.toMatch(AUTHENTICATION);
  };
  const readyWithout = async (hostId: string, questions: number) => {
    await user.untilLink(hostId, 'ready');
    expect(user.questions()).toBe(questions);
  };

  describe('an unknown key', () => {
    it('that is accepted once is written nowhere, and asked about again by the next run, and for any other name or key', async () => {
      const hostId = await user.add('nas');
      const asked = await user.answerKey(hostId, 'once');
      expect(asked).toMatchObject({
        address: `${sshd.user}@127.0.0.1:${sshd.port}`,
        keyType: 'ssh-ed25519',
        fingerprint: shown().fingerprint,
        file: user.knownHosts.path,
        authorities: [],
      });
      await readyWithout(hostId, 1);
      await sshd.logged(AUTHENTICATION);
      await user.reconnect(hostId);
      await readyWithout(hostId, 1);
      expect(user.knownHosts.text()).toBeNull();

      // The same key at another port, and another key at the same port.
      const twin = await serve({ hostKeys: [shown()] });
      await user.configure(
        ...hostLines('nas', sshd, `IdentityFile ${key.path}`),
        ...hostLines('twin', twin, `IdentityFile ${key.path}`),
      );
      await user.answerKey(await user.add('twin'), 'refuse');
      await sshd.kill();
      const other = await serve({ port: sshd.port });
      await user.untilLink(hostId, 'backoff');
      await user.app.call('connectHost', { hostId });
      expect((await user.answerKey(hostId, 'refuse')).fingerprint).toBe(other.hostKeys[0]?.fingerprint);
      expect((await user.untilLink(hostId, 'blocked')).reason).toContain('was not accepted');
      await other.stop();
      await sshd.restart();
      await user.restart();
      expect((await user.question(hostId, 'host-key')).fingerprint).toBe(shown().fingerprint);
      expect(user.knownHosts.text()).toBeNull();
    });

    it('of a computer that several hosts go through is asked about once', async () => {
      await user.configure(
        ...hostLines('jump', sshd, `IdentityFile ${key.path}`),
        ...['one', 'two', 'three'].flatMap((alias) =>
          hostLines(alias, sshd, `IdentityFile ${key.path}`, 'ProxyJump jump', `HostKeyAlias ${alias}`),
        ),
      );
      await user.knownHosts.write(['one', 'two', 'three'].map((alias) => `${alias} ${shown().publicLine}\n`).join(''));
      const hosts = await Promise.all(['one', 'two', 'three'].map((alias) => user.add(alias)));
      const { id } = await user.app.until('a question', ({ prompts }) => Object.values(prompts)[0]);
      await user.app.call('answerHostKey', { promptId: id, answer: 'save' });
      for (const hostId of hosts) await readyWithout(hostId, 1);
      expect(user.knownHosts.text()?.split('\n').filter((line) => line.startsWith(place()))).toHaveLength(1);
    });

    it('that is accepted and saved is added to what is there, byte for byte, in a file that is elsewhere and hashed', async () => {
      const before = Buffer.concat([
        Buffer.from(`# mine\r\n\n  \t\nnas,192.0.2.1 ${makeKey(folder).publicLine}\r\n`),
        Buffer.from([0x23, 0xff, 0xfe, 0x00, 0x0a]),
        Buffer.from(`not a line at all\n@revoked * ${makeKey(folder).publicLine}\n|1|bm8=|bm8= ssh-ed25519 AAAA\nlast ssh-rsa AAAA`),
      ]);
      const real = join(user.home, 'dotfiles', 'hosts');
      await mkdir(join(user.home, 'dotfiles'));
      await writeFile(real, before, { mode: 0o640 });
      await symlink('../dotfiles/hosts', user.knownHosts.path);
      await configure('HashKnownHosts yes');
      const hostId = await user.add('nas');
      await user.answerKey(hostId, 'save');
      await readyWithout(hostId, 1);
      const after = await readFile(real);
      expect(after.subarray(0, before.length)).toEqual(before);
      expect(after.toString('latin1', before.length)).toMatch(/^\n\|1\|[\w+/]+=*\|[\w+/]+=* ssh-ed25519 [\w+/]+=*\n$/);
      expect((await stat(real)).mode & 0o777).toBe(0o640);
      expect((await lstat(user.knownHosts.path)).isSymbolicLink()).toBe(true);
      expect(execFileSync('ssh-keygen', ['-F', place(), '-f', real]).toString()).toContain(shown().publicLine.split(' ')[1]!);
      await user.restart();
      await readyWithout(hostId, 1);
      expect(await readFile(real)).toEqual(after);
    });

    it('cannot be saved in a file that is read-only: that is said, and it can be accepted once', async () => {
      const before = '# keep out\n';
      await user.knownHosts.write(before);
      await chmod(user.knownHosts.path, 0o444);
      const hostId = await user.add('nas');
      await user.answerKey(hostId, 'save');
      const { reason, remedy } = await user.untilLink(hostId, 'blocked');
      expect(reason).toBe(`The host key was not saved in ${user.knownHosts.path}: it is read-only. Make it writable for you (chmod u+w).`);
      expect(remedy).toContain('for this run only');
      await nothingTold();
      await user.app.call('connectHost', { hostId });
      await user.answerKey(hostId, 'once');
      await readyWithout(hostId, 2);
      expect(user.knownHosts.text()).toBe(before);
    });

    it('that is refused, or not answered, blocks the host; nothing is said about the user', async () => {
      const hostId = await user.add('nas');
      await user.answerKey(hostId, 'refuse');
      const { reason, remedy } = await user.untilLink(hostId, 'blocked');
      expect(reason).toContain(`${shown().fingerprint}, was not accepted`);
      expect(remedy).toContain('ssh-keygen -lf');
      await nothingTold();
      await user.app.call('connectHost', { hostId });
      await user.question(hostId, 'host-key');
      await user.app.call('removeHost', { hostId });
      expect(user.app.view.prompts).toEqual({});
      await nothingTold();
      expect(user.knownHosts.text()).toBeNull();
    });

    it('of a host that is known by its authority only is asked about with that said', async () => {
      const authority = makeKey(folder);
      await user.knownHosts.write(`# mine\n@cert-authority *,${place()} ${authority.publicLine}\n`);
      const hostId = await user.add('nas');
      const { authorities } = await user.answerKey(hostId, 'refuse');
      expect(authorities).toEqual([{ file: user.knownHosts.path, line: 2 }]);
      await configure('StrictHostKeyChecking yes');
      await user.app.call('connectHost', { hostId });
      const { reason } = await user.app.until('blocked otherwise', ({ hosts }) => {
        const link = hosts[hostId]?.link;
        return link?.kind === 'blocked' && link.reason.includes('StrictHostKeyChecking') && link;
      });
      expect(reason).toContain(`@cert-authority in ${user.knownHosts.path} line 2 is not heeded`);
      await nothingTold();
    });
  });

  describe('StrictHostKeyChecking', () => {
    it('yes refuses unasked what is not known', async () => {
      await configure('StrictHostKeyChecking yes');
      const hostId = await user.add('nas');
      const { reason, remedy } = await user.untilLink(hostId, 'blocked');
      expect(reason).toContain(`${shown().fingerprint}) is not known, and StrictHostKeyChecking is yes`);
      expect(remedy).toContain(user.knownHosts.path);
      await nothingTold();
      await user.knownHosts.write(linesOf(sshd));
      await user.app.call('connectHost', { hostId });
      await readyWithout(hostId, 0);
    });

    it.each(['accept-new', 'no'])('%s saves unasked what is not known, and refuses what has changed', async (value) => {
      await configure(`StrictHostKeyChecking ${value}`);
      const hostId = await user.add('nas');
      await readyWithout(hostId, 0);
      expect(user.knownHosts.text()).toBe(`${place()} ${shown().publicLine.split(' ').slice(0, 2).join(' ')}\n`);
      await user.knownHosts.write(`${place()} ${makeKey(folder).publicLine}\n`);
      await sshd.logged(/Accepted publickey/);
      sshd.clearLog();
      await user.reconnect(hostId);
      expect((await user.untilLink(hostId, 'blocked')).reason).toContain('has changed');
      await nothingTold();
    });

    it('no, with nothing to save it in, accepts what is not known', async () => {
      await configure('StrictHostKeyChecking no', 'UserKnownHostsFile /dev/null');
      await readyWithout(await user.add('nas'), 0);
      expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
    });
  });

  describe('a key that may not be accepted blocks before anything is said about the user', () => {
    it('changed: with both fingerprints, the file and the line; Connect now looks again', async () => {
      const recorded = makeKey(folder, { type: 'ecdsa', bits: 256 });
      const global = join(user.home, 'global hosts');
      await writeFile(global, `# all\n${place()} ${recorded.publicLine}\n`);
      await configure(`GlobalKnownHostsFile "${global}"`);
      const hostId = await user.add('nas');
      const { reason, remedy } = await user.untilLink(hostId, 'blocked');
      for (const part of [shown().fingerprint, recorded.fingerprint, 'ecdsa-sha2-nistp256', `${global} line 2`]) expect(reason).toContain(part);
      await nothingTold();
      // What is proposed works as it stands.
      const command = /ssh-keygen .*(?=\.$)/.exec(remedy ?? '')?.[0] ?? '';
      execFileSync('sh', ['-c', command], { stdio: 'ignore' });
      await rename(`${global}.old`, join(user.home, 'old'));
      await user.app.call('connectHost', { hostId });
      await user.answerKey(hostId, 'once');
      await readyWithout(hostId, 1);
    });

    it('revoked, though it is known, too', async () => {
      await user.knownHosts.write(`${linesOf(sshd)}@revoked * ${shown().publicLine}\n`);
      const { reason, remedy } = await user.untilLink(await user.add('nas'), 'blocked');
      expect(reason).toContain(`${shown().fingerprint}) is revoked in ${user.knownHosts.path} line 2`);
      expect(remedy).toContain('Do not connect');
      await nothingTold();
    });

    it('changed at the host behind a computer in between', async () => {
      const inner = await serve();
      await user.configure(
        ...hostLines('jump', sshd, `IdentityFile ${key.path}`),
        ...hostLines('inner', inner, `IdentityFile ${key.path}`, 'ProxyJump jump'),
      );
      await user.knownHosts.write(`${linesOf(sshd)}[127.0.0.1]:${inner.port} ${makeKey(folder).publicLine}\n`);
      const { reason } = await user.untilLink(await user.add('inner'), 'blocked');
      expect(reason).toContain(`${user.knownHosts.path} line 2`);
      await sshd.logged(AUTHENTICATION);
      await nothingTold(inner);
    });
  });
});
