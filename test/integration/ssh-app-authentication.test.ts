import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { memorySecretStore } from '../fakes/secret-store';
import type { TestAppOptions } from '../support/app';
import { isMissing } from '../support/requires';
import { makeKey, startAgent, type KeyOptions } from '../support/ssh-keys';
import { hostLines, linesOf, startSshUser, type SshUser } from '../support/ssh-user';
import { accountsPresent, sshdPresent, startSshd, type SshdOptions, type TestSshd } from '../support/sshd';

const PASSPHRASE = 'open $(sesame) ’ü';
const PASSWORD = 'correct horse! "battery"';

let folder: string;
const ending: { stop(): Promise<void> }[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reveille-auth-'));
});
afterEach(async () => {
  for (const each of ending.splice(0).reverse()) await each.stop();
});
afterAll(() => rmSync(folder, { recursive: true }));

const serve = async (options: SshdOptions): Promise<TestSshd> => {
  const sshd = await startSshd(options);
  ending.push(sshd);
  return sshd;
};
const userWith = async (options: TestAppOptions, ...servers: TestSshd[]): Promise<SshUser> => {
  const user = await startSshUser(options);
  ending.push(user);
  await user.knownHosts.write(linesOf(...servers));
  return user;
};

describe.skipIf(isMissing('OpenSSH', sshdPresent))('a key', () => {
  const kinds: [string, KeyOptions][] = [
    ['ed25519', {}],
    ['ecdsa 256', { type: 'ecdsa', bits: 256 }],
    ['ecdsa 384', { type: 'ecdsa', bits: 384 }],
    ['ecdsa 521', { type: 'ecdsa', bits: 521 }],
    ['rsa', { type: 'rsa', bits: 3072 }],
  ];

  it('of each kind connects a host, without a question', async () => {
    const keys = kinds.map(([name, options]) => ({ name: name.replace(' ', '-'), key: makeKey(folder, options) }));
    const sshd = await serve({ authorizedKeys: keys.map(({ key }) => key) });
    const user = await userWith({}, sshd);
    await user.configure(...keys.flatMap(({ name, key }) => hostLines(name, sshd, `IdentityFile ${key.path}`)));
    const hosts = await Promise.all(keys.map(({ name }) => user.add(name)));
    await Promise.all(hosts.map((hostId) => user.untilLink(hostId, 'ready')));
    const accepted = () => sshd.log().match(/(?<=Accepted publickey .*)SHA256:\S+/g)?.sort();
    await expect.poll(accepted).toEqual(keys.map(({ key }) => key.fingerprint).sort());
    expect(user.questions()).toBe(0);
  });

  it('that is encrypted asks for its passphrase once for all hosts and the whole run, and keeps it on disk if asked to', async () => {
    const key = makeKey(folder, { passphrase: PASSPHRASE });
    const servers = await Promise.all([serve({ authorizedKeys: [key] }), serve({ authorizedKeys: [key] })]);
    const store = memorySecretStore();
    const user = await userWith({ secrets: store }, ...servers);
    await user.configure(...servers.flatMap((sshd, index) => hostLines(`nas${index}`, sshd, `IdentityFile ${key.path}`)));
    const first = await user.add('nas0');
    await user.question(first, 'secret');
    const second = await user.add('nas1');
    const asked = await user.tell(first, ['wrong'], true);
    expect(asked).toMatchObject({ title: 'Passphrase', again: false, canKeep: true, instruction: `The key ${key.path} is encrypted.` });
    expect(await user.tell(first, [PASSPHRASE], true)).toMatchObject({ again: true });
    await user.untilLink(first, 'ready');
    await user.untilLink(second, 'ready');
    expect(user.questions()).toBe(2);
    expect([...store.kept]).toEqual([[`passphrase:${key.path}`, PASSPHRASE]]);
    await user.reconnect(first);
    await user.untilLink(first, 'ready');
    await user.restart();
    await user.untilLink(first, 'ready');
    await user.untilLink(second, 'ready');
    expect(user.questions()).toBe(2);
    await user.app.call('removeHost', { hostId: first });
    expect(store.kept.size).toBe(1);
    await user.app.call('removeHost', { hostId: second });
    expect(store.kept.size).toBe(0);
  });

  it('of an agent connects a host; one that the host does not take blocks it with what was tried', async () => {
    const [key, stranger] = [makeKey(folder), makeKey(folder, { comment: 'stranger' })];
    const [agent, other] = await Promise.all([startAgent(folder), startAgent(folder)]);
    ending.push(agent, other);
    agent.add(key);
    other.add(stranger);
    const sshd = await serve({ authorizedKeys: [key] });
    const user = await userWith({ ssh: { usualAgent: () => agent.socket } }, sshd);
    await user.configure(...hostLines('nas', sshd), ...hostLines('attic', sshd, `IdentityAgent ${other.socket}`));
    await user.untilLink(await user.add('nas'), 'ready');
    const { reason, remedy } = await user.untilLink(await user.add('attic'), 'blocked');
    expect(reason).toContain('Tried: agent key stranger. The server takes: publickey');
    expect(remedy).toContain('authorized_keys');
    expect(user.questions()).toBe(0);
  });
});

describe.skipIf(isMissing('mount namespaces', accountsPresent))('a password', () => {
  const NAME = (sshd: TestSshd) => `password:pat@127.0.0.1:${sshd.port}`;
  const servePat = () =>
    serve({ accounts: [{ name: 'pat', password: PASSWORD }], config: ['PasswordAuthentication yes'] });

  it('that is wrong is asked for again, three times in all; then the host is blocked until the user connects', async () => {
    const sshd = await servePat();
    const store = memorySecretStore();
    const user = await userWith({ secrets: store }, sshd);
    await user.configure(...hostLines('nas', sshd, 'User pat'));
    const hostId = await user.add('nas');
    const asked = [];
    for (const wrong of ['one', '', 'three']) asked.push(await user.tell(hostId, [wrong], true));
    expect(asked.map(({ again, title, address }) => `${title} ${again} ${address}`)).toEqual([
      `Password false pat@127.0.0.1:${sshd.port}`,
      `Password true pat@127.0.0.1:${sshd.port}`,
      `Password true pat@127.0.0.1:${sshd.port}`,
    ]);
    const { reason, remedy } = await user.untilLink(hostId, 'blocked');
    expect(reason).toBe(`127.0.0.1 port ${sshd.port} did not accept pat. Tried: password. The server takes: publickey, password.`);
    expect(remedy).toBe('Check the user name and the password.');
    expect(store.kept.size).toBe(0);
    await expect.poll(() => sshd.log().match(/Failed password/g)).toHaveLength(3);

    await user.app.call('connectHost', { hostId });
    expect(await user.tell(hostId, null)).toMatchObject({ again: false, instruction: '' });
    expect((await user.untilLink(hostId, 'blocked')).reason).toContain('was cancelled');
    await user.app.call('connectHost', { hostId });
    await user.tell(hostId, [PASSWORD], false);
    await user.untilLink(hostId, 'ready');
    expect(store.kept.size).toBe(0);
    // It is known for this run, and for this run only.
    const { length } = asked;
    await user.reconnect(hostId);
    await user.untilLink(hostId, 'ready');
    expect(user.questions()).toBe(length + 2);
    await user.restart();
    await user.question(hostId, 'secret');
  });

  it.each([3, 1])('that was kept and is no longer right is forgotten and asked for anew (NumberOfPasswordPrompts %i)', async (prompts) => {
    const sshd = await servePat();
    const store = memorySecretStore();
    store.kept.set(NAME(sshd), 'outdated');
    const user = await userWith({ secrets: store }, sshd);
    await user.configure(...hostLines('nas', sshd, 'User pat', `NumberOfPasswordPrompts ${prompts}`));
    const hostId = await user.add('nas');
    const asked = await user.question(hostId, 'secret');
    expect(asked).toMatchObject({ again: false, instruction: 'The password that Reveille knew was not accepted.' });
    expect(store.kept.size).toBe(0);
    await user.tell(hostId, [PASSWORD], true);
    await user.untilLink(hostId, 'ready');
    expect(store.kept.get(NAME(sshd))).toBe(PASSWORD);
    await user.restart();
    await user.untilLink(hostId, 'ready');
    expect(user.questions()).toBe(1);
  });

  it('is for this run only where there is no keyring, whatever the user says', async () => {
    const sshd = await servePat();
    const user = await userWith({}, sshd);
    await user.configure(...hostLines('nas', sshd, 'User pat'));
    const hostId = await user.add('nas');
    expect(await user.tell(hostId, [PASSWORD], true)).toMatchObject({ canKeep: false });
    await user.untilLink(hostId, 'ready');
    await user.reconnect(hostId);
    await user.untilLink(hostId, 'ready');
    expect(user.questions()).toBe(1);
    await user.restart();
    await user.question(hostId, 'secret');
  });

  it('that was answered when the server had enough of wrong ones is not kept, either', async () => {
    const sshd = await serve({
      accounts: [{ name: 'pat', password: PASSWORD }],
      config: ['PasswordAuthentication yes', 'MaxAuthTries 1'],
    });
    const store = memorySecretStore();
    store.kept.set(NAME(sshd), 'outdated');
    const user = await userWith({ secrets: store }, sshd);
    await user.configure(...hostLines('nas', sshd, 'User pat'));
    const hostId = await user.add('nas');
    await user.untilLink(hostId, 'blocked');
    expect(store.kept.size).toBe(0);
    await user.app.call('connectHost', { hostId });
    await user.tell(hostId, ['wrong'], true);
    await user.untilLink(hostId, 'blocked');
    await user.app.call('connectHost', { hostId });
    await user.tell(hostId, [PASSWORD], true);
    await user.untilLink(hostId, 'ready');
    expect([...store.kept.values()]).toEqual([PASSWORD]);
  });

  it('that is asked for by PAM is known to the next connection, too', async () => {
    const sshd = await serve({
      accounts: [{ name: 'pat', password: PASSWORD }],
      pam: 'auth required pam_unix.so nodelay\naccount required pam_permit.so\nsession required pam_permit.so\n',
      config: ['UsePAM yes', 'KbdInteractiveAuthentication yes'],
    });
    const store = memorySecretStore();
    const user = await userWith({ secrets: store }, sshd);
    await user.configure(...hostLines('nas', sshd, 'User pat'));
    const hostId = await user.add('nas');
    expect(await user.tell(hostId, ['wrong'], true)).toMatchObject({ canKeep: true, fields: [{ echo: false }] });
    expect(await user.tell(hostId, [PASSWORD], true)).toMatchObject({ canKeep: true, again: true });
    await user.untilLink(hostId, 'ready');
    expect([...store.kept]).toEqual([[NAME(sshd), PASSWORD]]);
    await sshd.logged(/Accepted keyboard-interactive\/pam for pat/);
    await user.reconnect(hostId);
    await user.untilLink(hostId, 'ready');
    expect(user.questions()).toBe(2);
  });

  it('of a computer in between, after a passphrase and before an agent’s key: each hop has its own way', async () => {
    const [locked, held] = [makeKey(folder, { passphrase: PASSPHRASE }), makeKey(folder)];
    const agent = await startAgent(folder);
    ending.push(agent);
    agent.add(held);
    const [outer, middle, inner] = await Promise.all([
      serve({ authorizedKeys: [locked] }),
      servePat(),
      serve({ authorizedKeys: [held] }),
    ]);
    const store = memorySecretStore();
    const user = await userWith({ secrets: store }, outer, middle, inner);
    await user.configure(
      ...hostLines('outer', outer, `IdentityFile ${locked.path}`),
      ...hostLines('middle', middle, 'User pat'),
      ...hostLines('inner', inner, `IdentityAgent ${agent.socket}`, 'ProxyJump outer,middle'),
    );
    const hostId = await user.add('inner');
    expect(await user.tell(hostId, [PASSPHRASE], true)).toMatchObject({ address: `${outer.user}@127.0.0.1:${outer.port}` });
    expect(await user.tell(hostId, ['wrong'], true)).toMatchObject({ address: `pat@127.0.0.1:${middle.port}` });
    expect(await user.tell(hostId, [PASSWORD], true)).toMatchObject({ address: `pat@127.0.0.1:${middle.port}`, again: true });
    await user.untilLink(hostId, 'ready');
    expect([...store.kept.keys()]).toEqual([`passphrase:${locked.path}`, NAME(middle)]);
    await outer.logged(/Accepted publickey/);
    await middle.logged(/Accepted password for pat/);
    await inner.logged(/Accepted publickey/);
    await user.restart();
    await user.untilLink(hostId, 'ready');
    expect(user.questions()).toBe(3);
    await user.app.call('removeHost', { hostId });
    expect(store.kept.size).toBe(0);
  });
});

it('the questions of a server that asks several, one after the other or at once, are asked as they come', async () => {
  const answered: string[][] = [];
  const hostKey = makeKey(folder);
  const server = new ssh2.Server({ hostKeys: [readFileSync(hostKey.path)] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (context) => {
      if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
      const prompts = [{ prompt: 'Password: ', echo: false }, { prompt: 'Token: ', echo: true }];
      context.prompt([{ prompt: 'Password: ', echo: false }], (first) => {
        context.prompt(prompts, 'Two factors', 'Say \u001b[31mboth', (answers) => {
          answered.push([...first, ...answers]);
          if (answers.join() === 'one,two') context.accept();
          else context.reject(['keyboard-interactive']);
        });
      });
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  ending.push({ stop: async () => void server.close() });
  const { port } = server.address() as AddressInfo;
  const store = memorySecretStore();
  const user = await userWith({ secrets: store });
  await user.knownHosts.write(`[127.0.0.1]:${port} ${hostKey.publicLine}\n`);
  await user.configure(...hostLines('nas', { port, user: 'pat' }));
  const hostId = await user.add('nas');
  expect(await user.tell(hostId, ['zero'], true)).toMatchObject({ canKeep: true, again: false });
  expect(await user.tell(hostId, ['one', 'wrong'], true)).toMatchObject({
    title: 'Two factors',
    instruction: 'Say [31mboth',
    fields: [{ label: 'Password: ', echo: false }, { label: 'Token: ', echo: true }],
    canKeep: false,
  });
  expect(store.kept.size).toBe(0);
  expect(await user.tell(hostId, ['zero'], false)).toMatchObject({ again: true });
  expect(await user.tell(hostId, ['one', 'two'], true)).toMatchObject({ again: true });
  await user.untilLink(hostId, 'ready');
  expect(answered).toEqual([['zero', 'one', 'wrong'], ['zero', 'one', 'two']]);
  expect(store.kept.size).toBe(0);
});
