import { createSocket, type Socket } from 'node:dgram';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock, type Clock } from '../../main/clock';
import { magicPacket } from '../../main/host-power/wake-on-lan';
import type { HostPowerView, HostView } from '../../preload/contract/view';
import { fakeLibvirtDomains, type FakeLibvirtDomains } from '../fakes/libvirt-domains';
import { wire } from '../fakes/libvirt-wire';
import { startTestApp, type TestApp } from '../support/app';
import { isMissing } from '../support/requires';
import { CARD, startSleepyHost, type SleepyHost } from '../support/sleepy-host';
import { sshHome } from '../support/ssh-home';
import { makeKey, type TestKey } from '../support/ssh-keys';
import { accountsPresent } from '../support/sshd';

/** Without an agent: it can be shut down, and not be put to sleep. */
const WEB = "<domain type='kvm'><name>web</name><devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices></domain>";

/** What a host's network card would hear. */
async function startListener(): Promise<{ port: number; packets: Buffer[]; stop(): void }> {
  const socket: Socket = createSocket('udp4');
  const packets: Buffer[] = [];
  socket.on('message', (packet) => packets.push(packet));
  await new Promise<void>((resolve) => socket.bind(0, '127.255.255.255', resolve));
  return { port: socket.address().port, packets, stop: () => socket.close() };
}

describe.skipIf(isMissing('mount namespaces', accountsPresent))('a host behind SSH', () => {
  let folder: string;
  let key: TestKey;
  let nas: SleepyHost;
  let libvirt: FakeLibvirtDomains;
  let app: TestApp;
  let hostId: string;
  let ahead: number;
  let listener: Awaited<ReturnType<typeof startListener>>;

  const clock: Clock = { ...systemClock, now: () => Date.now() + ahead };
  const start = async () =>
    startTestApp({
      dataDir: folder,
      clock,
      startedBefore: true,
      ssh: await sshHome(folder, key, [
        { alias: 'nas', port: nas.sshd.port, sshd: nas.sshd },
        { alias: 'sam', port: nas.sshd.port, sshd: { ...nas.sshd, user: 'sam' } },
      ]),
      wakeOnLan: { port: listener.port, everywhere: '127.255.255.255' },
    });

  beforeEach(async () => {
    ahead = 0;
    folder = await mkdtemp(path.join(os.tmpdir(), 'host-sleep-'));
    key = makeKey(folder);
    libvirt = fakeLibvirtDomains();
    libvirt.answers[7] = () => wire.text('<capabilities><host><power_management><suspend_mem/></power_management></host></capabilities>');
    nas = await startSleepyHost(key, [{ name: 'sam' }], libvirt);
    listener = await startListener();
    app = await start();
  });
  afterEach(async () => {
    listener?.stop();
    await app?.stop();
    expect(nas?.calls().filter((call) => call.startsWith('REAL'))).toEqual([]);
    await nas?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const view = (): HostView => app.view.hosts[hostId]!;
  const untilPower = (what: string, is: (power: HostPowerView, host: HostView) => boolean) =>
    app.until(what, ({ hosts }) => {
      const host = hosts[hostId];
      return host?.power && is(host.power, host) ? host.power : undefined;
    });
  const untilState = (state: HostPowerView['state']) => untilPower(`it is ${state}`, (power) => power.state === state);
  const add = async (address: string) => {
    ({ hostId } = await app.call('addHost', { address, name: '' }));
    return untilPower('it told what it offers', ({ mac }) => mac !== null);
  };
  const notice = (title: RegExp) =>
    app.until(`a notice ${String(title)}`, ({ notices }) => Object.values(notices).find((each) => title.test(each.title)));
  const history = async () => {
    const [row] = await app.call('readTimeline', { ids: [hostId], from: Date.now() - 60_000, to: Date.now() + ahead + 60_000 });
    return row!.events.map(({ text, failed }) => (failed ? `failed: ${text}` : text));
  };

  test('sleeps for a time by rtcwake, as concluded only when it is gone, also after a restart; and is there at its time', async () => {
    const power = await add('nas');
    expect(power).toMatchObject({ state: 'awake', sleep: { available: true }, mac: CARD.mac, wake: { available: false } });
    const due = Date.now() + 2 * 3_600_000;
    await app.call('sleepHost', { hostId, for: '2 h', guests: 'leave' });
    const falling = await untilPower('it took the command', ({ detail }) => /took the command/.test(detail ?? ''));
    expect(falling).toMatchObject({ state: 'falling-asleep', sleep: { available: false }, wake: { available: false } });
    expect(nas.sleepCalls()).toEqual([expect.stringMatching(/^rtcwake -m mem -s (7200|7199)$/)]);

    await nas.goAway();
    const asleep = await untilState('asleep');
    expect(Math.abs((asleep.wakesAt ?? 0) - due)).toBeLessThan(5000);
    expect(asleep.detail).toMatch(/^Concluded/);
    const link = await app.untilLink(hostId, 'backoff');
    expect(link.nextTry - Date.now()).toBeGreaterThan(50_000);

    await app.stop();
    app = await start();
    expect(view().power).toMatchObject({ state: 'asleep', wakesAt: asleep.wakesAt, mac: CARD.mac });
    const rests = await app.untilLink(hostId, 'backoff');
    expect(rests.nextTry - Date.now()).toBeGreaterThan(45_000);
    expect(view().power).toMatchObject({ state: 'asleep', wakesAt: asleep.wakesAt });

    nas.countSleep();
    await nas.comeBack();
    ahead = due - Date.now() + 1000;
    app.app.recheck();
    await untilPower('it is connected to and awake', ({ state }, host) => state === 'awake' && host.link.kind === 'ready');
    await expect.poll(history).toEqual([
      expect.stringMatching(/^Put to sleep by rtcwake, until .*took the command/),
      expect.stringMatching(/^Asleep until .*concluded/),
      'Awake: its clock was to wake it.',
    ]);
    const kept = JSON.parse(await readFile(path.join(folder, 'host-power.json'), 'utf8')) as unknown;
    expect(kept).toMatchObject({ value: [{ hostId, sleep: null }] });
  });

  test('is woken by Wake-on-LAN, sent again until it is there', async () => {
    await add('nas');
    await app.call('sleepHost', { hostId, for: '', guests: 'leave' });
    await untilPower('it took the command', ({ detail }) => /took the command/.test(detail ?? ''));
    expect(nas.sleepCalls()).toEqual(['systemctl suspend']);
    await nas.goAway();
    expect(await untilState('asleep')).toMatchObject({ wakesAt: null, wake: { available: true } });
    expect(listener.packets).toEqual([]);

    await app.call('wakeHost', { hostId });
    expect(view().power).toMatchObject({ state: 'waking', detail: `Wake-on-LAN is sent to ${CARD.mac}.` });
    await expect.poll(() => listener.packets.length, { timeout: 20_000 }).toBeGreaterThan(1);
    for (const packet of listener.packets) expect(packet).toEqual(magicPacket(CARD.mac));
    nas.countSleep();
    await nas.comeBack();
    await untilState('awake');
    await expect.poll(history).toContain('Awake: reached after Wake-on-LAN was sent.');
  });

  test('that counts no sleep when it is there again did not sleep', async () => {
    await add('nas');
    await app.call('sleepHost', { hostId, for: '2 h', guests: 'leave' });
    await untilPower('it took the command', ({ detail }) => /took the command/.test(detail ?? ''));
    await nas.goAway();
    await untilState('asleep');
    await nas.comeBack();
    await app.call('connectHost', { hostId });
    expect(await notice(/did not sleep/)).toMatchObject({ severity: 'error', message: expect.stringContaining('counts no sleep') });
    expect(view().power?.state).toBe('awake');
  });

  test('whose rtcwake fails is awake, and the reason is told', async () => {
    await add('nas');
    nas.failWith('rtcwake: /dev/rtc0: unable to find device: No such device\n');
    await app.call('sleepHost', { hostId, for: '2 h', guests: 'leave' });
    expect(await notice(/was not put to sleep/)).toMatchObject({ message: 'It refused: rtcwake: /dev/rtc0: unable to find device: No such device.' });
    expect(view()).toMatchObject({ link: { kind: 'ready' }, power: { state: 'awake', wakesAt: null } });
  });

  test('that comes back before it was missed is awake again', async () => {
    await add('nas');
    await app.call('sleepHost', { hostId, for: '2 h', guests: 'leave' });
    await untilPower('it took the command', ({ detail }) => /took the command/.test(detail ?? ''));
    nas.countSleep();
    nas.finish();
    await untilState('awake');
    await expect.poll(history).toContain('Awake before its time: Reveille did not wake it.');
  });

  test('asks sudo without a password, and says what to write into sudoers', async () => {
    const refused = await add('sam');
    expect(refused.sleep).toMatchObject({
      available: false,
      reason: 'sam may not run rtcwake there without a password.',
      remedy: expect.stringMatching(/visudo -f \/etc\/sudoers\.d\/reveille, and write there: sam ALL=\(root\) NOPASSWD: \/\S+\/rtcwake, \/\S+\/systemctl suspend\./),
    });
    expect(nas.sleepCalls()).toEqual([]);
    expect(await app.tryCall('sleepHost', { hostId, for: '2 h', guests: 'leave' })).toMatchObject({ ok: false, refusal: { code: 'unsupported' } });

    nas.allow('rtcwake');
    await app.call('sleepHost', { hostId, for: 'for 90 min', guests: 'leave' });
    await untilPower('it took the command', ({ detail }) => /took the command/.test(detail ?? ''));
    expect(nas.sleepCalls()).toEqual([
      expect.stringMatching(/^sudo -n \/\S+\/rtcwake -m mem -s 5(400|399)$/),
      expect.stringMatching(/^rtcwake -m mem -s 5(400|399)$/),
    ]);
    expect(view().power?.sleep).toMatchObject({ available: false, reason: 'It is falling asleep.' });
  });

  test('of a user whom sudo does not let sleeps by its libvirt; its guests sleep first, and a refusal keeps it awake', async () => {
    nas.installPmSuspend();
    const web = libvirt.add({ name: 'web', state: [1, 1], xml: WEB });
    const asked: [number, bigint][] = [];
    libvirt.answers[250] = ({ args }) => {
      asked.push([args.uint(), args.uhyper()]);
      return Buffer.alloc(0);
    };
    await add('sam');
    await untilPower('its libvirt is found', ({ sleep }) => sleep.available && /Only with a time/.test(sleep.warning ?? ''));
    await app.untilState('web', 'running');

    const refused = await app.tryCall('sleepHost', { hostId, for: '2 h', guests: 'sleep' });
    expect(refused).toMatchObject({ ok: false, refusal: { message: expect.stringMatching(/^web: /) } });
    expect([asked, web.state[0]]).toEqual([[], 1]);

    await app.call('sleepHost', { hostId, for: '2 h', guests: 'shutdown' });
    await untilPower('it took the command', ({ detail }) => /took the command \(by its libvirt\)/.test(detail ?? ''));
    expect(web.state[0]).toBe(5);
    expect(asked).toEqual([[0, expect.toSatisfy((seconds: bigint) => seconds <= 7200n && seconds > 7150n)]]);
    expect(nas.sleepCalls()).toEqual([]);
    await nas.goAway();
    await untilState('asleep');
  });

  test.each(['30 s', 'for 59 s'])('is not put to sleep for %s', async (text) => {
    await add('nas');
    expect(await app.tryCall('sleepHost', { hostId, for: text, guests: 'leave' })).toMatchObject({ ok: false, refusal: { code: 'bad-duration' } });
    expect([nas.sleepCalls(), view().power?.state]).toEqual([[], 'awake']);
  });

  test('without S3 says so', async () => {
    nas.states('freeze disk\n');
    const { sleep } = await add('nas');
    expect(sleep).toMatchObject({ available: false, reason: 'It cannot sleep to memory (S3): its kernel offers freeze, disk.' });
  });

  test('and this computer: only the former', async () => {
    await add('nas');
    const local = Object.values(app.view.hosts).find(({ kind }) => kind === 'this-computer')!;
    expect(local.power).toBeNull();
    for (const name of ['sleepHost', 'wakeHost'] as const) {
      const args = name === 'sleepHost' ? { hostId: local.id, for: '2 h', guests: 'leave' as const } : { hostId: local.id };
      expect(await app.tryCall(name, args as never)).toMatchObject({ ok: false, refusal: { code: 'unsupported' } });
    }
  });
});
