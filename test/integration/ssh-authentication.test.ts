import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SshCredentials } from '../../main/protocols/ssh/types';
import { isMissing } from '../support/requires';
import { attempt, endpointOf, failureOf, NO_CREDENTIALS, type Attempted } from '../support/ssh-client';
import { makeKey, startAgent, type TestAgent, type TestKey } from '../support/ssh-keys';
import { accountsPresent, sshdPresent, startSshd, type TestSshd } from '../support/sshd';

const PASSWORD = 'correct horse! "battery"';
const PASSPHRASE = 'pass $(phrase) ’ü';
const PAM = 'auth required pam_unix.so nodelay\naccount required pam_unix.so\nsession required pam_permit.so\n';

let folder: string;
const servers: { stop(): Promise<void> }[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reveille-keys-'));
});
afterAll(async () => {
  await Promise.all(servers.map((each) => each.stop()));
  rmSync(folder, { recursive: true });
});
const serve = async (...options: Parameters<typeof startSshd>) => {
  const sshd = await startSshd(...options);
  servers.push(sshd);
  return sshd;
};
const startOwnAgent = async () => {
  const agent = await startAgent(folder);
  servers.push(agent);
  return agent;
};
/** Connects, runs a command, closes; gives how the user was authenticated. */
async function proofOf({ connection }: Attempted): Promise<string> {
  const connected = await connection;
  expect((await connected.exec('echo here')).stdout.toString()).toBe('here\n');
  await connected.close();
  return connected.authenticatedBy;
}
const kindsAsked = ({ asked }: Attempted) => asked.map((request) => [request.kind, request.attempt]);

describe.skipIf(isMissing('OpenSSH', sshdPresent))('keys', () => {
  let sshd: TestSshd;
  let stranger: TestKey;
  const accepted: Record<string, TestKey> = {};
  beforeAll(async () => {
    stranger = makeKey(folder, { comment: 'stranger' });
    accepted['ed25519'] = makeKey(folder);
    accepted['rsa'] = makeKey(folder, { type: 'rsa', bits: 3072 });
    accepted['ecdsa'] = makeKey(folder, { type: 'ecdsa', bits: 384 });
    accepted['PEM'] = makeKey(folder, { type: 'rsa', bits: 2048, format: 'PEM' });
    accepted['locked'] = makeKey(folder, { passphrase: PASSPHRASE });
    accepted['locked PEM'] = makeKey(folder, { type: 'rsa', bits: 2048, passphrase: PASSPHRASE, format: 'PEM' });
    rmSync(`${accepted['locked PEM'].path}.pub`);
    sshd = await serve({ authorizedKeys: Object.values(accepted) });
  });

  it.each(['ed25519', 'rsa', 'ecdsa', 'PEM'])('a key in a file: %s', async (name) => {
    const key = accepted[name]!;
    const tried = attempt(endpointOf(sshd, key));
    expect(await proofOf(tried)).toBe(`key ${key.path}`);
    expect(tried.asked).toEqual([]);
    expect(tried.steps.map((step) => step.name)).toEqual(['name', 'tcp', 'host-key', 'authentication']);
  });

  it.each(['locked', 'locked PEM'])('a passphrase, wrong and then right: %s', async (name) => {
    const key = accepted[name]!;
    const tried = attempt(endpointOf(sshd, key), { answers: [['wrong'], [PASSPHRASE]] });
    expect(await proofOf(tried)).toBe(`key ${key.path}`);
    expect(kindsAsked(tried)).toEqual([['passphrase', 1], ['passphrase', 2]]);
    expect(tried.asked[0]).toMatchObject({ keyPath: key.path });
  });

  it('asks for no passphrase of a key that the server does not take', async () => {
    const locked = makeKey(folder, { passphrase: PASSPHRASE });
    const credentials = { ...NO_CREDENTIALS, identityFiles: [locked.path, accepted['ed25519']!.path] };
    const tried = attempt(endpointOf(sshd, null, { credentials }));
    expect(await proofOf(tried)).toBe(`key ${accepted['ed25519']!.path}`);
    expect(tried.asked).toEqual([]);
  });

  it('gives up a passphrase after three wrong ones, and says so', async () => {
    const tried = attempt(endpointOf(sshd, accepted['locked']!), { answers: [['a'], ['b'], ['c']] });
    const error = await failureOf(tried.connection);
    expect(error).toMatchObject({ kind: 'authentication', code: 'denied' });
    expect(error.message).toContain('its passphrase was wrong 3 times');
    expect(tried.asked).toHaveLength(3);
  });

  it('ends when the user cancels', async () => {
    const tried = attempt(endpointOf(sshd, accepted['locked']!), { answers: [null] });
    expect(await failureOf(tried.connection)).toMatchObject({ kind: 'authentication', code: 'cancelled' });
    expect(tried.asked).toHaveLength(1);
  });

  it('names what it tried, and what could not be used', async () => {
    const missing = join(folder, 'not-there');
    const credentials = { agent: join(folder, 'no-agent'), identityFiles: [missing, stranger.path], identitiesOnly: false };
    const error = await failureOf(attempt(endpointOf(sshd, null, { credentials })).connection);
    expect(error).toMatchObject({ kind: 'authentication', code: 'denied' });
    expect(error.message).toContain(`Tried: key ${stranger.path}`);
    expect(error.message).toContain('The server takes: publickey');
    expect(error.message).toContain('no-agent could not be used');
    expect(error.message).not.toContain(missing);
    expect(error.remedy).toContain('authorized_keys');
  });

  it('a passphrase shows in no error and no object', async () => {
    const tried = attempt(endpointOf(sshd, accepted['locked']!), { answers: [[PASSPHRASE]] });
    const connection = await tried.connection;
    const error = await failureOf(connection.openUnix('/nowhere'));
    await connection.close();
    const shown = inspect([connection, error, await connection.closed], { depth: 20, showHidden: true });
    expect(shown).toContain('closed-here');
    expect(shown).not.toContain(PASSPHRASE);
    expect(shown).not.toContain('PRIVATE KEY');
  });

  describe('agent', () => {
    let agent: TestAgent;
    beforeAll(async () => {
      agent = await startOwnAgent();
    });

    it('signs with the keys of an agent', async () => {
      agent.add(accepted['rsa']!);
      const credentials = { ...NO_CREDENTIALS, agent: agent.socket };
      expect(await proofOf(attempt(endpointOf(sshd, null, { credentials })))).toBe('agent key test');
    });

    it('tries the named key first, and only it with identitiesOnly', async () => {
      const many = Array.from({ length: 7 }, (_, index) => makeKey(folder, { comment: `other ${index}` }));
      const crowded = await startOwnAgent();
      crowded.add(...many, accepted['ed25519']!, stranger);
      const reach = (identityFiles: string[], identitiesOnly: boolean) =>
        attempt(endpointOf(sshd, null, { credentials: { agent: crowded.socket, identityFiles, identitiesOnly } }));
      // More keys than MaxAuthTries: the server hangs up before the right one comes.
      expect(await failureOf(reach([], false).connection)).toMatchObject({ kind: 'authentication', code: 'too-many-attempts' });
      expect(await proofOf(reach([accepted['ed25519']!.path], false))).toBe('agent key test');
      expect(await proofOf(reach([`${accepted['ed25519']!.path}.pub`], true))).toBe('agent key test');
      sshd.clearLog();
      const denied = await failureOf(reach([stranger.path], true).connection);
      expect(denied.message).toMatch(/Tried: agent key stranger\./);
    });
  });
});

describe.skipIf(isMissing('mount namespaces', accountsPresent))('passwords', () => {
  it('a password: wrong, wrong, right', async () => {
    const sshd = await serve({ accounts: [{ name: 'pat', password: PASSWORD }], config: ['PasswordAuthentication yes'] });
    const tried = attempt(endpointOf(sshd, null, { user: 'pat' }), { answers: [['no'], [''], [PASSWORD]] });
    expect(await proofOf(tried)).toBe('password');
    expect(kindsAsked(tried)).toEqual([['password', 1], ['password', 2], ['password', 3]]);
    expect(sshd.log()).toContain('Accepted password for pat');

    const wrong = attempt(endpointOf(sshd, null, { user: 'pat' }), { answers: [['1st-secret'], ['2nd-secret'], ['3rd-secret']] });
    const error = await failureOf(wrong.connection);
    expect(error).toMatchObject({ kind: 'authentication', code: 'denied' });
    expect(error.message).toContain('Tried: password.');
    expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/\d..-secret/);
    const cancelled = attempt(endpointOf(sshd, null, { user: 'pat' }), { answers: [null] });
    expect(await failureOf(cancelled.connection)).toMatchObject({ code: 'cancelled' });
  });

  it('keyboard-interactive through PAM: its words are shown, wrong and then right', async () => {
    const sshd = await serve({
      accounts: [{ name: 'pat', password: PASSWORD }],
      pam: PAM,
      config: ['UsePAM yes', 'KbdInteractiveAuthentication yes'],
    });
    const tried = attempt(endpointOf(sshd, null, { user: 'pat' }), { answers: [['wrong'], [PASSWORD]] });
    expect(await proofOf(tried)).toBe('your answers');
    expect(tried.asked).toMatchObject([
      { kind: 'prompts', attempt: 1, prompts: [{ text: expect.stringContaining('Password:'), echo: false }] },
      { kind: 'prompts', attempt: 2, prompts: [{ text: expect.stringContaining('Password:'), echo: false }] },
    ]);
    expect(sshd.log()).toContain('Accepted keyboard-interactive/pam for pat');
  });

  it.each(['agent', 'file'])('a key and then a password, where the server wants both: %s', async (kept) => {
    const key = makeKey(folder);
    const sshd = await serve({
      accounts: [{ name: 'pat', password: PASSWORD }],
      authorizedKeys: [key],
      config: ['PasswordAuthentication yes', 'AuthenticationMethods publickey,password'],
    });
    const agent = await startOwnAgent();
    agent.add(makeKey(folder), key, makeKey(folder));
    const credentials = { ...NO_CREDENTIALS, ...(kept === 'agent' ? { agent: agent.socket } : { identityFiles: [key.path] }) };
    const tried = attempt(endpointOf(sshd, null, { user: 'pat', credentials }), { answers: [['wrong'], [PASSWORD]] });
    const first = kept === 'agent' ? 'agent key test' : `key ${key.path}`;
    expect(await proofOf(tried)).toBe(`${first} and password`);
  });

  it('tells when the server hung up during a question', async () => {
    const sshd = await serve({
      accounts: [{ name: 'pat', password: PASSWORD }],
      config: ['PasswordAuthentication yes', 'LoginGraceTime 1'],
    });
    let withdrawn: AbortSignal | null = null;
    const tried = attempt(endpointOf(sshd, null, { user: 'pat' }), {
      askSecret: (_request, signal) => {
        withdrawn = signal;
        return new Promise(() => {});
      },
    });
    const error = await failureOf(tried.connection);
    expect(error).toMatchObject({ kind: 'closed', code: 'closed-by-peer' });
    expect(error.message).toContain('while it waited for an answer');
    expect(withdrawn!).toHaveProperty('aborted', true);
  });
});

describe('the ways to authenticate', () => {
  /** A server that takes nothing, and notes what it is tried with. */
  async function refusing() {
    const seen: string[] = [];
    const hostKey = ssh2.utils.generateKeyPairSync('ed25519').private;
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      client.on('error', () => {});
      client.on('authentication', (context) => {
        if (context.method !== 'none') seen.push(context.method);
        const refuse = () => context.reject(['publickey', 'keyboard-interactive', 'password']);
        if (context.method === 'keyboard-interactive') context.prompt([{ prompt: 'Code: ', echo: true }], refuse);
        else refuse();
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    servers.push({ stop: async () => void server.close() });
    const { port } = server.address() as AddressInfo;
    const key = makeKey(folder);
    return async (credentials: Partial<SshCredentials>) => {
      seen.length = 0;
      const target = endpointOf({ host: '127.0.0.1', port, user: 'pat' }, key);
      const tried = attempt(
        { ...target, credentials: { ...target.credentials, ...credentials } },
        { askSecret: async () => ({ answers: ['x'] }) },
      );
      return { seen, error: await failureOf(tried.connection) };
    };
  }

  it('are tried in ssh’s order, or in the one that is asked for, as often as is asked for', async () => {
    const connect = await refusing();
    expect((await connect({})).seen).toEqual(['publickey', ...Array.from({ length: 3 }, () => 'keyboard-interactive')]);
    const turned = await connect({ methods: ['password', 'publickey'], passwordPrompts: 2 });
    expect(turned.seen).toEqual(['password', 'password', 'publickey']);
    expect(turned.error.message).toContain('keyboard-interactive: switched off in the SSH configuration');
    const none = await connect({ passwordPrompts: 0 });
    expect(none.seen).toEqual(['publickey']);
    const nothing = await connect({ methods: [] });
    expect(nothing.seen).toEqual([]);
    expect(nothing.error).toMatchObject({ kind: 'authentication', code: 'denied' });
  });
});

/** OpenSSH asks PAM's questions one at a time; other servers send several in one request. */
describe('several prompts in one request', () => {
  it('are asked together, cleaned of control characters, and answered in order', async () => {
    const answered: string[][] = [];
    const hostKey = ssh2.utils.generateKeyPairSync('ed25519').private;
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      client.on('error', () => {});
      client.on('authentication', (context) => {
        if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
        const prompts = [{ prompt: 'Pass\u001b[31mword: ', echo: false }, { prompt: 'Token: ', echo: true }];
        context.prompt(prompts, 'Two \u202efactors', 'Say both', (answers) => {
          answered.push(answers);
          if (answers.join() === 'one,two') context.accept();
          else context.reject(['keyboard-interactive']);
        });
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const target = endpointOf({ host: '127.0.0.1', port, user: 'pat' }, null);
    const tried = attempt(target, { answers: [['one', 'wrong'], ['one', 'two']] });
    await (await tried.connection).close();
    expect(answered).toEqual([['one', 'wrong'], ['one', 'two']]);
    expect(tried.asked[0]).toMatchObject({
      name: 'Two factors',
      instruction: 'Say both',
      prompts: [{ text: 'Pass[31mword: ', echo: false }, { text: 'Token: ', echo: true }],
    });
    server.close();
  });
});
