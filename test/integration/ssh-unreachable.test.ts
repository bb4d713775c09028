import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { portOf, startListener } from '../support/listener';
import { attempt, endpointOf, failureOf } from '../support/ssh-client';
import { freePort } from '../support/sshd';

const servers: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((each) => each.stop()));
});
const listen = (onClient: (client: Duplex) => void) => startListener(servers, onClient);

describe('no SSH server', () => {
  const reachPort = (port: number, more: Parameters<typeof attempt>[1] = {}, host = '127.0.0.1') =>
    failureOf(attempt(endpointOf({ host: host as '127.0.0.1', port, user: 'me' }, null), more).connection);

  it('nobody listens', async () => {
    expect(await reachPort(await freePort())).toMatchObject({ kind: 'refused', remedy: expect.stringContaining('port') });
    expect(await reachPort(await freePort(), {}, 'localhost')).toMatchObject({ kind: 'refused' });
  });

  it('a name that is not known', async () => {
    const error = await reachPort(22, {}, 'no-such-host.invalid');
    expect(error.kind).toBe('name');
    expect(error.message).toContain('no-such-host.invalid');
  });

  it('a port that accepts and says nothing', async () => {
    const server = await listen(() => {});
    const start = performance.now();
    expect(await reachPort(portOf(server), { stepTimeoutMs: 300 })).toMatchObject({ kind: 'timeout' });
    expect(performance.now() - start).toBeLessThan(1500);
  });

  it('a host with a time-out of its own', async () => {
    const server = await listen(() => {});
    const endpoint = { ...endpointOf({ host: '127.0.0.1', port: portOf(server), user: 'me' }, null), connectTimeoutMs: 200 };
    const start = performance.now();
    const error = await failureOf(attempt(endpoint).connection);
    expect(error).toMatchObject({ kind: 'timeout', message: expect.stringContaining('0.2 s') });
    expect(performance.now() - start).toBeLessThan(1500);
  });

  it('a host that has only addresses of the other kind', async () => {
    let reached = 0;
    const server = await listen((client) => {
      reached += 1;
      client.end();
    });
    const named = endpointOf({ host: 'localhost' as '127.0.0.1', port: portOf(server), user: 'me' }, null);
    expect((await failureOf(attempt({ ...named, addressFamily: 'inet6' }).connection)).kind).toMatch(/refused|name|unreachable/);
    expect(reached).toBe(0);
    expect(await failureOf(attempt({ ...named, addressFamily: 'inet' }).connection)).toMatchObject({ kind: 'closed' });
    expect(reached).toBe(1);
  });

  it('a port that hangs up', async () => {
    const server = await listen((client) => client.end());
    const error = await reachPort(portOf(server));
    expect(error).toMatchObject({ kind: 'closed' });
    expect(error.message).toContain('before it said anything');
  });

  it('a port that speaks something else', async () => {
    const server = await listen((client) => client.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect((await reachPort(portOf(server), { stepTimeoutMs: 500 })).kind).toMatch(/protocol|closed|timeout/);
    const garbage = await listen((client) => void client.write(`SSH-2.0-x\r\n${'\u0000'.repeat(4000)}`));
    expect((await reachPort(portOf(garbage), { stepTimeoutMs: 500 })).kind).toMatch(/protocol|timeout/);
    const endless = await listen((client) => {
      const flood = setInterval(() => client.write('welcome\r\n'.repeat(100)), 5);
      client.on('close', () => clearInterval(flood));
    });
    expect((await reachPort(portOf(endless), { stepTimeoutMs: 300 })).kind).toMatch(/protocol|timeout/);
  });
});
