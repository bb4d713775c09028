import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Duplex, PassThrough, Transform } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../main/clock';
import type { LibvirtClient } from '../../main/protocols/libvirt/api';
import { domainStatus } from '../../main/protocols/libvirt/domain-states';
import type { LibvirtEvent } from '../../main/protocols/libvirt/events';
import { LIST, XML } from '../../main/protocols/libvirt/flags';
import { until } from '../guest/deadline';
import { libvirtdPresent } from '../support/libvirtd';
import { isMissing } from '../support/requires';
import { virshFor, type Virsh } from '../support/virsh';
import { asVirshSays, libvirtClients } from './libvirt-client-tools';

describe.skipIf(isMissing('libvirt', libvirtdPresent()))('a real libvirtd', () => {
  const { daemon, dial, attach, startOther } = libvirtClients();

  /** virsh with the same URI as a client, by the same daemon(). */
  const virshOf = (uri: string): ((...args: string[]) => Promise<string>) => {
    const run: Virsh = virshFor(uri.replace(':', '+unix:') + `?socket=${daemon().socket}`);
    return async (...args) => {
      const { code, stdout, stderr } = await run(...args);
      if (code !== 0) throw new Error(stderr);
      return stdout.trim();
    };
  };
  const find = async (client: LibvirtClient, name: string) =>
    (await client.call('domain_lookup_by_name', { name })).dom;

  describe('with the test driver', () => {
    /** A host file of the test driver, with a domain in each state that it can start in. */
    const writeHost = async () => {
      const domain = (name: string, number: number, runstate: number) =>
        `<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>${name}</name>` +
        `<uuid>5eeb11e0-0000-4000-8000-00000000000${number}</uuid><memory>204800</memory><vcpu>2</vcpu>` +
        `<os><type>hvm</type></os><test:runstate>${runstate}</test:runstate></domain>`;
      const file = join(daemon().folder, 'host.xml');
      const domains = [
        domain('awake', 1, 1),
        domain('paused &lt;é&gt;', 2, 3),
        domain('off', 3, 5),
        domain('asleep', 4, 7),
      ];
      await writeFile(file, `<?xml version="1.0" encoding="UTF-8"?><node>${domains.join('')}</node>`);
      return `test:///${file}`;
    };

    it('sees the same domains, states and definitions as virsh', async () => {
      const uri = await writeHost();
      const client = await attach(dial(), { uri });
      const virsh = virshOf(uri);
      const { domains, ret } = await client.call('connect_list_all_domains', { need_results: true });
      expect(ret).toBe(4);
      expect(domains.map(({ name }) => name).sort()).toEqual(
        (await virsh('list', '--all', '--name')).split('\n').sort(),
      );
      for (const dom of domains) {
        expect(dom.uuid).toBe(await virsh('domuuid', dom.name));
        const status = domainStatus(await client.call('domain_get_state', { dom }));
        expect(asVirshSays(status)).toBe(await virsh('domstate', '--reason', dom.name));
        const { xml } = await client.call('domain_get_xml_desc', { dom, flags: XML.inactive });
        expect(xml.trim()).toBe(await virsh('dumpxml', '--inactive', dom.name));
        const { maxMem, nrVirtCpu } = await client.call('domain_get_info', { dom });
        expect([maxMem, nrVirtCpu]).toEqual([204_800n, 2]);
      }
      const asleep = await find(client, 'asleep');
      expect(domainStatus(await client.call('domain_get_state', { dom: asleep }))).toEqual({
        state: 'pmsuspended',
        reason: 'unknown',
      });
      const { domains: active } = await client.call('connect_list_all_domains', {
        need_results: true,
        flags: LIST.active,
      });
      expect(active.map(({ name }) => name).sort()).toEqual(['asleep', 'awake', 'paused <é>']);
    });

    it('sees the same host, and the version that the daemon says', async () => {
      const client = await attach(dial(), { uri: 'test:///default' });
      const virsh = virshOf('test:///default');
      const { model, cpus, mhz, memory } = await client.call('node_get_info');
      const said = await virsh('nodeinfo');
      for (const line of [
        /CPU model: +i686/,
        RegExp(`CPU\\(s\\): +${cpus}`),
        RegExp(`CPU frequency: +${mhz} MHz`),
        RegExp(`Memory size: +${memory} KiB`),
      ]) {
        expect(said).toMatch(line);
      }
      expect(model).toBe('i686');
      expect(await client.call('connect_get_uri')).toEqual({ uri: 'test:///default' });
      expect(await client.call('connect_get_hostname')).toEqual({ hostname: await virsh('hostname') });
      expect(await client.call('connect_get_type')).toEqual({ type: 'TEST' });
      expect((await client.call('connect_get_capabilities')).capabilities.trim()).toBe(
        await virsh('capabilities'),
      );
      const { major, minor, micro } = client.libVersion;
      expect(await virsh('version', '--daemon')).toContain(
        `Running against daemon: ${major}.${minor}.${micro}`,
      );
      expect(
        ['keepalive', 'event-callbacks', 'close-callback'].map((each) =>
          client.supports(each as 'keepalive'),
        ),
      ).toEqual([true, true, true]);
    });

    it('is the same when every byte comes alone', async () => {
      const socket = dial();
      const inPieces = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          for (const byte of chunk) this.push(Buffer.from([byte]));
          done();
        },
      });
      const towards = new PassThrough();
      towards.pipe(socket);
      const client = await attach(Duplex.from({ readable: socket.pipe(inPieces), writable: towards }), {
        uri: 'test:///default',
      });
      const dom = await find(client, 'test');
      const { xml } = await client.call('domain_get_xml_desc', { dom });
      expect(xml.trim()).toBe(await virshOf('test:///default')('dumpxml', 'test'));
      socket.destroy();
    });

    it('reads a screenshot by its stream, as virsh does', async () => {
      const client = await attach(dial(), { uri: 'test:///default' });
      const dom = await find(client, 'test');
      const file = join(daemon().folder, 'screen.png');
      await virshOf('test:///default')('screenshot', 'test', file);
      for (let turn = 0; turn < 3; turn += 1) {
        const { result, data } = await client.download(
          'domain_screenshot',
          { dom, screen: 0 },
          { maxBytes: 1 << 20 },
        );
        expect(result).toEqual({ mime: 'image/png' });
        expect(data.equals(await readFile(file))).toBe(true);
      }
      for (let turn = 0; turn < 10; turn += 1) {
        await expect(
          client.download('domain_screenshot', { dom, screen: 0 }, { maxBytes: 1000 }),
        ).rejects.toMatchObject({
          kind: 'too-long',
        });
      }
      expect(await client.call('domain_get_autostart', { dom })).toEqual({ autostart: false });
    });

    it('tells what the driver does not have, and which domain is not there', async () => {
      const client = await attach(dial(), { uri: 'test:///default' });
      const dom = await find(client, 'test');
      await expect(client.call('domain_pm_wakeup', { dom })).rejects.toMatchObject({ kind: 'unsupported' });
      await expect(client.call('domain_monitor_command', { dom, cmd: '{}' })).rejects.toMatchObject({
        kind: 'unsupported',
      });
      await expect(
        client.call('domain_lookup_by_uuid', { uuid: '00000000-0000-4000-8000-000000000000' }),
      ).rejects.toMatchObject({
        kind: 'refused',
        refusal: { name: 'NO_DOMAIN', domain: 'TEST', level: 'error' },
      });
    });

    it('hears what virsh does to a domain', async () => {
      const client = await attach(dial(), { uri: 'test:///default' });
      const events: LibvirtEvent[] = [];
      client.onEvent((event) => events.push(event));
      expect(
        await client.subscribe([
          'lifecycle',
          'reboot',
          'pmsuspend',
          'pmwakeup',
          'pmsuspend-disk',
          'agent',
          'control-error',
        ]),
      ).toEqual([]);
      const virsh = virshOf('test:///default');
      for (const action of ['suspend', 'resume', 'destroy', 'start']) await virsh(action, 'test');
      const seen = await until(5000, 'four events', () => {
        const changes = events.flatMap((event) =>
          event.kind === 'lifecycle' ? [`${event.event} ${event.detail}`] : [],
        );
        return changes.length >= 4 ? changes : undefined;
      });
      expect(seen).toEqual(['suspended paused', 'resumed unpaused', 'stopped destroyed', 'started booted']);
    });
  });

  describe('as it lets clients in and loses them', () => {
    it('says which authentication it wants', async () => {
      const sasl = await startOther({ auth: 'sasl' });
      await expect(attach(dial(sasl.socket))).rejects.toMatchObject({
        failure: { kind: 'unsupported-auth', offered: ['sasl'] },
      });
    });

    it('lets root pass polkit, and refuses a user that polkit does not vouch for', async () => {
      const polkit = await startOther({ auth: 'polkit' });
      await expect(attach(dial(polkit.socket))).resolves.toMatchObject({ readOnly: false });
      const relay =
        `const socket = require('node:net').connect(${JSON.stringify(polkit.socket)});` +
        'process.stdin.pipe(socket).pipe(process.stdout);';
      const user = spawn(
        'setpriv',
        ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '-e', relay],
        {
          stdio: ['pipe', 'pipe', 'inherit'],
        },
      );
      const stream = Duplex.from({ readable: user.stdout, writable: user.stdin });
      await expect(attach(stream)).rejects.toMatchObject({
        failure: { kind: 'auth-refused', mechanism: 'polkit', refusal: { level: 'error' } },
      });
    });

    it('names a driver that it does not have', async () => {
      await expect(attach(dial(), { uri: 'nonsense:///system' })).rejects.toMatchObject({
        kind: 'refused',
        failure: { procedure: 'connect_open', refusal: { name: 'NO_CONNECT' } },
      });
    });

    it('pings, and is answered; is pinged, and answers', async () => {
      const pinging = await startOther({ config: ['keepalive_interval = 1', 'keepalive_count = 1'] });
      const client = await attach(dial(pinging.socket), { keepaliveIntervalMs: 300, keepaliveCount: 1 });
      let over: unknown = null;
      void client.closed.then((reason) => (over = reason));
      // libvirtd closes after 2 s without an answer; this side after 0.6 s.
      const from = systemClock.monotonic();
      await until(
        10_000,
        '4 s have passed',
        () => over !== null || systemClock.monotonic() - from > 4000 || undefined,
      );
      expect(over).toBeNull();
      expect(await client.call('connect_get_type')).toEqual({ type: 'QEMU' });
    });

    it('is lost when it stops, and when it ends', async () => {
      const doomed = await startOther({});
      const stopped = await attach(dial(doomed.socket), { keepaliveIntervalMs: 200, keepaliveCount: 2 });
      const killed = await attach(dial(doomed.socket), { keepaliveIntervalMs: 60_000 });
      process.kill(doomed.pid, 'SIGSTOP');
      const call = expect(stopped.call('connect_get_type')).rejects.toMatchObject({ kind: 'closed' });
      expect(await stopped.closed).toMatchObject({ kind: 'keepalive' });
      await call;
      await doomed.kill();
      expect(['closed-by-peer', 'stream-error']).toContain((await killed.closed).kind);
    });
  });
});
