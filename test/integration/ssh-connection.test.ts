import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SshError } from '../../main/protocols/ssh/errors';
import { posix } from '../../main/protocols/ssh/shell';
import { portOf, startListener } from '../support/listener';
import { isMissing } from '../support/requires';
import { attempt, endpointOf, failureOf } from '../support/ssh-client';
import { accountsPresent, freePort, startSshd, sshdPresent, type TestSshd } from '../support/sshd';
import { makeKey, until, type TestKey } from '../support/ssh-keys';

let folder: string;
let key: TestKey;
const servers: { stop(): Promise<void> }[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reveille-ssh-'));
  chmodSync(folder, 0o755);
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((each) => each.stop()));
});
afterAll(() => rmSync(folder, { recursive: true }));

const serve = async (options: Parameters<typeof startSshd>[0] = {}) => {
  const sshd = await startSshd({ authorizedKeys: [key], ...options });
  servers.push(sshd);
  return sshd;
};
const reach = async (sshd: TestSshd, more: Parameters<typeof attempt>[1] = {}) =>
  attempt(endpointOf(sshd, key), more).connection;

const listen = (onClient: (client: Duplex) => void, path?: string) => startListener(servers, onClient, path);
async function firstLine(stream: Duplex): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text;
}

describe.skipIf(isMissing('OpenSSH', sshdPresent))('a connection to OpenSSH', () => {
  beforeAll(() => {
    key = makeKey(folder);
  });

  describe('host keys', () => {
    const userSeen = /userauth-request for user/;

    it('shows the key before anything of the user is sent; refused, nothing ever is', async () => {
      const sshd = await serve({ config: ['LogLevel DEBUG1'] });
      let seenWhileAsked = true;
      const tried = attempt(endpointOf(sshd, key, { hostKeyAlias: 'nas.lan' }), {
        async verifyHostKey() {
          await sshd.logged(/SSH2_MSG_KEXINIT received/);
          await new Promise((resolve) => setTimeout(resolve, 100));
          seenWhileAsked = userSeen.test(sshd.log());
          return false;
        },
      });
      expect(await failureOf(tried.connection)).toMatchObject({ kind: 'host-key', code: 'not-accepted' });
      expect(seenWhileAsked).toBe(false);
      expect(tried.shown).toMatchObject([
        { host: 'nas.lan', port: sshd.port, type: 'ssh-ed25519', fingerprint: sshd.hostKeys[0]!.fingerprint },
      ]);
      expect(tried.shown[0]!.key).toEqual(sshd.hostKeys[0]!.blob);
      expect(tried.steps.map(({ name }) => name)).toEqual(['name', 'tcp']);
      await sshd.logged(/\[preauth\]/);
      await until(() => sshd.sessions().length === 0, 'the connection is closed');
      expect(sshd.log()).not.toMatch(userSeen);

      // The same look finds the user once the key is accepted.
      await (await reach(sshd)).close();
      expect(sshd.log()).toMatch(userSeen);
    });

    it('rejects with the caller’s own reason', async () => {
      const sshd = await serve();
      const reason = new SshError('host-key', 'Line 3 says otherwise.', { remedy: 'Look there.' });
      expect(await failureOf(reach(sshd, { verifyHostKey: () => Promise.reject(reason) }))).toBe(reason);
    });

    it.each(['ssh-rsa', 'ssh-ed25519', 'ecdsa-sha2-nistp256'])('gets the key of a type that is known: %s', async (type) => {
      const sshd = await serve({ hostKeys: ['ed25519', 'rsa', 'ecdsa'] });
      const tried = attempt(endpointOf(sshd, key, { knownKeyTypes: [type] }));
      await (await tried.connection).close();
      expect(tried.shown.map((each) => each.type)).toEqual([type]);
    });

    it('asks once though keys are exchanged again and again', async () => {
      const sshd = await serve({ config: ['RekeyLimit 64K', 'LogLevel DEBUG1'] });
      const tried = attempt(endpointOf(sshd, key));
      const connection = await tried.connection;
      const { stdout } = await connection.exec('head -c 1000000 /dev/zero');
      expect(stdout.equals(Buffer.alloc(1_000_000))).toBe(true);
      expect(sshd.log().match(/rekeying in progress|SSH2_MSG_KEXINIT received/g)!.length).toBeGreaterThan(3);
      expect(tried.shown).toHaveLength(1);
      await connection.close();
    });
  });

  it('goes through two jumps, each with its own key and user', async () => {
    const [first, second, target] = [await serve(), await serve(), await serve()];
    const tried = attempt(endpointOf(target, key), { jumps: [endpointOf(first, key), endpointOf(second, key)] });
    const connection = await tried.connection;
    const tty = await connection.exec('echo "$SSH_CONNECTION"');
    expect(tty.stdout.toString()).toContain(` ${target.port}`);
    expect(tried.shown.map(({ port }) => port)).toEqual([first.port, second.port, target.port]);
    expect(tried.steps.map(({ name, endpoint }) => `${name} ${[first, second, target].findIndex(({ port }) => port === endpoint.port)}`)).toEqual(
      ['name 0', 'tcp 0', 'host-key 0', 'authentication 0', 'tcp 1', 'host-key 1', 'authentication 1', 'tcp 2', 'host-key 2', 'authentication 2'],
    );
    const running = failureOf(connection.exec('sleep 30'));
    await until(() => target.sessions().length > 1, 'the command runs');
    await first.kill();
    expect(await running).toMatchObject({ kind: 'closed' });
    expect(await connection.closed).toMatchObject({ kind: 'closed' });
    await until(() => target.sessions().length === 0 && second.sessions().length === 0, 'the other links have ended');
  });

  it('says what is wrong behind a jump', async () => {
    const [jump, closed] = [await serve(), await freePort()];
    const refuses = await serve({ config: ['AllowTcpForwarding no'] });
    const through = (via: TestSshd, port: number, host = '127.0.0.1') =>
      failureOf(attempt(endpointOf({ host: host as '127.0.0.1', port, user: 'me' }, key), { jumps: [endpointOf(via, key)] }).connection);
    expect(await through(jump, closed)).toMatchObject({ kind: 'refused' });
    expect(await through(refuses, jump.port)).toMatchObject({ kind: 'unreachable', code: 'forbidden' });
    expect(await through(jump, 22, 'no-such-host.invalid')).toMatchObject({ kind: expect.stringMatching(/name|unreachable/) });
    await until(() => jump.sessions().length === 0, 'the jump is left');
  });

  describe('commands', () => {
    it('gives back output, errors, exit codes and signals', async () => {
      const connection = await reach(await serve());
      const result = await connection.exec(posix('cat; echo problem >&2; exit 3'), { stdin: Buffer.from([0, 255, 10]) });
      expect(result).toEqual({ stdout: Buffer.from([0, 255, 10]), stderr: Buffer.from('problem\n'), code: 3, signal: null });
      expect(await connection.exec('kill -TERM $$')).toMatchObject({ code: null, signal: 'SIGTERM' });
      const big = Buffer.alloc(3_000_000, 'x');
      expect((await connection.exec('cat', { stdin: big })).stdout.equals(big)).toBe(true);
      await connection.close();
    });

    it('learns a limit of one session and keeps to it', async () => {
      const sshd = await serve({ config: ['MaxSessions 1'] });
      const connection = await reach(sshd);
      // How well it keeps to the limit is seen in the unit test: sshd frees sessions a little late.
      const batch = () => Promise.all(Array.from({ length: 20 }, (_, index) => connection.exec(`echo ${index}`)));
      const texts = (results: Awaited<ReturnType<typeof batch>>) => results.map(({ stdout, code }) => `${stdout.toString()}${code}`);
      const expected = Array.from({ length: 20 }, (_, index) => `${index}\n0`);
      expect(texts(await batch())).toEqual(expected);
      const refusals = () => sshd.log().match(/no more sessions/g)?.length ?? 0;
      const first = refusals();
      expect(first).toBeGreaterThanOrEqual(7);
      expect(texts(await batch())).toEqual(expected);
      expect(refusals() - first).toBeLessThan(7);
      await connection.close();
    });

    it('says so when there are no sessions at all', async () => {
      const connection = await reach(await serve({ config: ['MaxSessions 0'] }));
      expect(await failureOf(connection.exec('true'))).toMatchObject({ kind: 'channel', code: 'open-failed' });
      await connection.close();
    });

    // sshd passes no signals on to what root runs.
    it.skipIf(isMissing('mount namespaces', accountsPresent))('kills a command that takes too long or says too much, and goes on', async () => {
      const sshd = await serve({ config: ['MaxSessions 1'], accounts: [{ name: 'pat' }] });
      const connection = await attempt(endpointOf(sshd, key, { user: 'pat' })).connection;
      expect(await failureOf(connection.exec('sleep 30', { timeoutMs: 300 }))).toMatchObject({ kind: 'timeout' });
      expect(await failureOf(connection.exec('yes', { maxBytes: 100_000 }))).toMatchObject({ kind: 'channel', code: 'too-much-output' });
      expect((await connection.exec('echo after')).stdout.toString()).toBe('after\n');
      await connection.close();
      await until(() => sshd.sessions().length === 0, 'no command is left behind');
    });

    it('a forced command runs instead of what was asked for', async () => {
      const connection = await reach(await serve({ config: ['ForceCommand echo forced'] }));
      expect((await connection.exec('echo asked')).stdout.toString()).toBe('forced\n');
      await connection.close();
    });
  });

  describe('streams', () => {
    it('carries 40 unix streams at once, under MaxSessions 1', async () => {
      const path = join(folder, 'echo.sock');
      await listen((client) => client.pipe(client), path);
      chmodSync(path, 0o777);
      const connection = await reach(await serve({ config: ['MaxSessions 1'] }));
      const streams = await Promise.all(Array.from({ length: 40 }, () => connection.openUnix(path)));
      const answers = streams.map((stream, index) => {
        stream.write(`stream ${index}\n`);
        return firstLine(stream);
      });
      expect(await Promise.all(answers)).toEqual(streams.map((_, index) => `stream ${index}\n`));
      await connection.close();
    });

    it('closes as sockets do, from either end', async () => {
      const path = join(folder, 'close.sock');
      const ended: string[] = [];
      await listen((client) => {
        client.on('close', () => ended.push('closed'));
        client.on('data', (data: Buffer) => {
          if (data.toString() === 'bye\n') client.end('good bye\n');
        });
      }, path);
      const connection = await reach(await serve());
      const destroyed = await connection.openUnix(path);
      destroyed.destroy();
      await once(destroyed, 'close');
      await until(() => ended.length === 1, 'the server sees the end');

      const hungUp = await connection.openUnix(path);
      const closed = once(hungUp, 'close');
      hungUp.write('bye\n');
      let text = '';
      hungUp.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await closed;
      expect(text).toBe('good bye\n');
      expect(hungUp.errored).toBeNull();
      await until(() => ended.length === 2, 'the server sees the end');
      await connection.close();
    });

    it('opens TCP streams, and tells a refusal from a prohibition', async () => {
      const server = await listen((client) => client.end('hello\n'));
      const open = await reach(await serve());
      expect(await firstLine(await open.openTcp('127.0.0.1', portOf(server)))).toBe('hello\n');
      expect(await failureOf(open.openUnix(join(folder, 'missing.sock')))).toMatchObject({ kind: 'channel', code: 'open-failed' });
      expect((await open.exec('echo still there')).code).toBe(0);
      await open.close();
      const strict = await reach(await serve({ config: ['DisableForwarding yes'] }));
      expect(await failureOf(strict.openTcp('127.0.0.1', portOf(server)))).toMatchObject({ kind: 'channel', code: 'forbidden' });
      await strict.close();
    });

    it('does not run ahead of a slow reader or a slow peer', async () => {
      const path = join(folder, 'flood.sock');
      const size = 12_000_000;
      let received = 0;
      await listen((client) => {
        setTimeout(() => client.on('data', (chunk: Buffer) => (received += chunk.length)), 200);
        client.write(Buffer.alloc(size, 'a'));
      }, path);
      const connection = await reach(await serve());
      const stream = await connection.openUnix(path);
      expect(stream.write(Buffer.alloc(size, 'b'))).toBe(false);
      let read = 0;
      stream.on('data', (chunk: Buffer) => {
        if (read === 0) stream.pause();
        read += chunk.length;
      });
      await until(() => stream.isPaused() && read > 0, 'something arrives');
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(stream.readableLength).toBeLessThan(4_000_000);
      stream.resume();
      await until(() => read === size && received === size, () => `all arrives: read ${read}, received ${received}`);
      await connection.close();
    });
  });

  describe('the end', () => {
    it('a server that is killed takes every pending call along', async () => {
      const path = join(folder, 'silent.sock');
      await listen(() => {}, path);
      const sshd = await serve({ config: ['MaxSessions 2'] });
      const connection = await reach(sshd);
      const stream = await connection.openUnix(path);
      const streamClosed = new Promise((resolve) => stream.once('close', resolve));
      const commands = Array.from({ length: 12 }, () => failureOf(connection.exec('sleep 30')));
      await until(() => sshd.sessions().length >= 3, 'commands run');
      await sshd.kill();
      const failures = await Promise.all(commands);
      expect(failures.map(({ kind }) => kind)).toEqual(failures.map(() => 'closed'));
      expect(await connection.closed).toMatchObject({ kind: 'closed', code: 'closed-by-peer' });
      await streamClosed;
      expect(stream.errored).toMatchObject({ kind: 'closed' });
      for (const call of [() => connection.exec('true'), () => connection.openUnix(path), () => connection.openTcp('127.0.0.1', 1)]) {
        expect(await failureOf(call())).toMatchObject({ kind: 'closed' });
      }
      await sshd.restart();
      await (await reach(sshd)).close();
    });

    it('notices a server that stops answering', async () => {
      const sshd = await serve();
      const connection = await reach(sshd, { keepalive: { intervalMs: 200, maxMissed: 2 } });
      const running = failureOf(connection.exec('sleep 30'));
      await until(() => sshd.sessions().length > 1, 'the command runs');
      const start = performance.now();
      sshd.signalSessions('SIGSTOP');
      const deadline = new Promise((resolve) => setTimeout(resolve, 5000, 'nothing noticed'));
      expect(await Promise.race([connection.closed, deadline])).toMatchObject({ kind: 'closed', code: 'vanished' });
      expect(performance.now() - start).toBeLessThan(2000);
      expect(await running).toMatchObject({ kind: 'closed', code: 'vanished' });
    });

    it('a quiet connection lives on by its keepalive', async () => {
      const connection = await reach(await serve(), { keepalive: { intervalMs: 50, maxMissed: 2 } });
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect((await connection.exec('echo alive')).stdout.toString()).toBe('alive\n');
      await connection.close();
    });

    it('close() ends what runs, and leaves nothing behind', async () => {
      const sshd = await serve();
      const connection = await reach(sshd);
      const running = failureOf(connection.exec('sleep 30'));
      await until(() => sshd.sessions().length > 1, 'the command runs');
      await connection.close();
      await connection.close();
      expect(await running).toMatchObject({ kind: 'closed', code: 'closed-here' });
      expect(await connection.closed).toMatchObject({ code: 'closed-here' });
    });

    it('gives up connecting on request, whatever it waits for', async () => {
      const sshd = await serve();
      const abort = new AbortController();
      let withdrawn: AbortSignal | null = null;
      const tried = attempt(endpointOf(sshd, key), {
        signal: abort.signal,
        verifyHostKey(_key, signal) {
          withdrawn = signal;
          setTimeout(() => abort.abort(), 50);
          return new Promise(() => {});
        },
      });
      expect(await failureOf(tried.connection)).toMatchObject({ kind: 'closed', code: 'closed-here' });
      expect(withdrawn!).toHaveProperty('aborted', true);
      await until(() => sshd.sessions().length === 0, 'the server is left');
      expect(await failureOf(reach(sshd, { signal: abort.signal }))).toMatchObject({ code: 'closed-here' });
    });
  });

  it('shows the server’s banner without its control characters', async () => {
    const file = join(folder, 'banner');
    writeFileSync(file, 'Property of \u001b[31mme\nBe nice\n');
    const tried = attempt(endpointOf(await serve({ config: [`Banner ${file}`] }), key));
    await (await tried.connection).close();
    expect(tried.banners).toEqual(['Property of [31mme\nBe nice\n']);
  });

  it('stop() leaves no process and no file', async () => {
    const sshd = await startSshd({ authorizedKeys: [key] });
    const connection = await reach(sshd);
    const running = failureOf(connection.exec('sleep 30'));
    await until(() => sshd.sessions().length > 1, 'the command runs');
    await sshd.stop();
    await running;
    expect(sshd.sessions()).toEqual([]);
    expect(existsSync(sshd.folder)).toBe(false);
  });
});
