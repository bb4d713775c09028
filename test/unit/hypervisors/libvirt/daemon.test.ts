import { describe, expect, it } from 'vitest';
import type { Daemon } from '../../../../main/hypervisors/libvirt/model';
import { wire, wireMessage } from '../../../fakes/libvirt-wire';
import {
  ASLEEP,
  createBench,
  createReadyBench,
  MONITOR,
  PAUSED,
  RUNNING,
  SHUTOFF,
  tell,
  type Bench,
} from './bench';

const SOCKET = '/run/libvirt-sock';
const names = (daemon: Daemon) => daemon.domains().map(({ ref }) => ref.name).sort();
const first = ({ server }: Bench) => [...server.domains.values()][0]!;

describe('the first listing', () => {
  it('tells every domain, with two calls and its subscriptions', async () => {
    const bench = await createReadyBench([
      { name: 'nas', state: RUNNING, stats: [['balloon.maximum', 4, 2_097_152n], ['vcpu.current', 2, 4]] },
      { name: 'web' },
      { name: 'saved', managedSave: true },
      { name: 'Grüße & <b>', state: PAUSED, stats: [['vcpu.maximum', 2, 8]] },
    ]);
    expect(names(bench.daemon)).toEqual(['Grüße & <b>', 'nas', 'saved', 'web']);
    expect(bench.domain('nas')).toMatchObject({ active: true, record: { memoryMiB: 2048, vcpus: 4 } });
    expect(bench.domain('Grüße & <b>')).toMatchObject({ active: true, record: { memoryMiB: null, vcpus: 8 } });
    expect(bench.domain('web')).toMatchObject({ active: false, state: { name: 'off' } });
    expect(bench.domain('saved').state.name).toBe('saved');
    expect(bench.heard('connect_get_all_domain_stats', 'connect_list_all_domains')).toHaveLength(2);
    expect([...bench.server.connection().subscriptions.values()].sort((a, b) => a - b)).toEqual([0, 1, 7, 11, 12, 14, 18]);
    expect(bench.daemon).toMatchObject({ present: true, control: { status: 'ready' }, readOnly: null });
  });

  it('subscribes before it lists, so that nothing falls between', async () => {
    const bench = await createReadyBench([{ name: 'nas' }]);
    const order = bench.heard().map(({ name }) => name);
    expect(order.lastIndexOf('connect_domain_event_callback_register_any')).toBeLessThan(
      order.indexOf('connect_get_all_domain_stats'),
    );
  });

  it('of a domain without a state says so', async () => {
    const bench = createBench([{ name: 'nas' }]);
    bench.server.answers[344] = () => wire.list([Buffer.concat([wire.domain(first(bench)), wire.params([])])]);
    await bench.done(bench.daemon.connectNow());
    expect(bench.domain('nas').state).toMatchObject({ name: 'unknown', detail: expect.stringContaining('unknown') });
  });
});

describe('what comes and goes', () => {
  const roll = async (bench: Bench, expected: readonly string[]) => {
    await bench.until(() => names(bench.daemon).join(), () => names(bench.daemon).join() === expected.join());
  };

  it('a domain that is defined, started, undefined and stopped', async () => {
    const bench = await createReadyBench([{ name: 'nas' }]);
    let changes = 0;
    bench.daemon.onChanged(() => (changes += 1));
    const web = bench.server.add({ name: 'web' });
    bench.server.change(web, SHUTOFF, [0, 0]);
    await roll(bench, ['nas', 'web']);
    expect(changes).toBe(1);
    bench.server.change(web, RUNNING, [2, 0]);
    await bench.shows('web', 'running');
    // Undefined while it runs: it is transient from then on.
    bench.server.change(web, RUNNING, [1, 0]);
    await bench.pass(10);
    expect(names(bench.daemon)).toEqual(['nas', 'web']);
    bench.server.domains.delete(web.uuid);
    bench.server.change(web, [5, 2], [5, 1]);
    await roll(bench, ['nas']);
    expect(changes).toBe(2);
  });

  it('a domain that is renamed stays the same one, and is told', async () => {
    const bench = await createReadyBench([{ name: 'nas' }]);
    const before = bench.domain('nas');
    let changes = 0;
    bench.daemon.onChanged(() => (changes += 1));
    const nas = first(bench);
    bench.server.change(nas, SHUTOFF, [1, 1]);
    nas.name = 'storage';
    bench.server.change(nas, SHUTOFF, [0, 2]);
    await roll(bench, ['storage']);
    await bench.pass(10);
    expect(bench.domain('storage')).toBe(before);
    expect(changes).toBe(1);
  });

  it('many events at once are one listing, and one more for what came meanwhile', async () => {
    const bench = await createReadyBench();
    const before = bench.heard('connect_get_all_domain_stats').length;
    for (let at = 0; at < 50; at += 1) bench.server.change(bench.server.add({ name: `vm-${at}` }), SHUTOFF, [0, 0]);
    await bench.until('all are listed', () => bench.daemon.domains().length === 50);
    await bench.pass(10);
    expect(bench.heard('connect_get_all_domain_stats').length - before).toBe(2);
  });

  it('a domain that nobody has told of is listed when it is heard of', async () => {
    const bench = await createReadyBench();
    tell(bench, 'reboot', bench.server.add({ name: 'web', state: RUNNING }));
    await bench.shows('web', 'running');
  });

  it('what cannot be read is looked at anew', async () => {
    const bench = await createReadyBench([{ name: 'nas', state: RUNNING }]);
    first(bench).state = PAUSED;
    bench.server.emit(0, 318, wire.int(7));
    await bench.shows('nas', 'paused', 100);
    expect(bench.watchers()).toHaveLength(1);
  });
});

describe('a connection that is lost', () => {
  it('leaves its domains, of which nothing is known, and is made again', async () => {
    const bench = await createReadyBench([{ name: 'nas', state: RUNNING }, { name: 'web', state: RUNNING }]);
    const nas = bench.domain('nas');
    bench.stop();
    expect(await bench.shows('nas', 'unknown', 100)).toMatchObject({ source: 'inference', detail: expect.stringMatching(/libvirt/) });
    expect(bench.daemon).toMatchObject({ client: null, control: { status: 'unavailable' } });
    bench.server.fallAsleep(first(bench));
    bench.server.answers[MONITOR] = () => wire.text('{"return":{"status":"suspended"}}');
    bench.server.domains.delete([...bench.server.domains.keys()][1]!);
    await bench.pass(20_000);
    bench.sockets.set(SOCKET, 'open');
    await bench.shows('nas', 'suspended', 10_001);
    expect(bench.domain('nas')).toBe(nas);
    expect(names(bench.daemon)).toEqual(['nas']);
    // Events come through the new connection.
    bench.server.wakeUp(first(bench));
    await bench.shows('nas', 'running', 100);
    expect(nas.state.source).toBe('event');
  });

  it('is tried at once, and then ever more seldom', async () => {
    const bench = await createReadyBench([{ name: 'nas' }]);
    bench.dialled.length = 0;
    const began = bench.clock.monotonic();
    const at: number[] = [];
    bench.stop();
    const dial = bench.access.dial;
    bench.access.dial = (address) => {
      if (address.kind === 'unix' && address.path === SOCKET) at.push(bench.clock.monotonic() - began);
      return dial(address);
    };
    await bench.pass(30_000);
    const waits = at.map((time, index) => time - (at[index - 1] ?? 0));
    expect(waits).toEqual([0, 250, 500, 1000, 2000, 5000, 10_000, 10_000]);
    // A try that succeeds begins anew.
    bench.sockets.set(SOCKET, 'open');
    await bench.done(bench.daemon.connectNow());
    at.length = 0;
    bench.stop();
    await bench.pass(600);
    expect(at).toHaveLength(2);
  });

  it('is made at once when somebody asks for it', async () => {
    const bench = await createReadyBench([{ name: 'nas' }]);
    bench.stop();
    await bench.pass(20_000);
    bench.sockets.set(SOCKET, 'open');
    await bench.done(bench.daemon.connectNow(), 10);
    expect(bench.daemon.control.status).toBe('ready');
  });

  it('by libvirt’s own word (virtproxyd lost what it forwards to) is over, too', async () => {
    const bench = await createReadyBench([{ name: 'nas' }]);
    const mine = bench.watchers()[0]!;
    // connect_event_connection_closed, reason EOF.
    mine.say(wireMessage({ prog: 0x20008086, proc: 362, type: 2, serial: 0 }, wire.int(1)));
    await bench.until('it is connected anew', () => bench.watchers().length === 2 && bench.daemon.control.status === 'ready');
  });

  it('that libvirt gives up in one breath with its listing is made again', async () => {
    const bench = createBench([{ name: 'nas' }]);
    const answer = bench.server.answers[273]!;
    bench.server.answers[273] = async (call) => {
      bench.server.answers[273] = answer;
      // After the other half of the listing.
      await new Promise<void>((resolve) => setImmediate(resolve));
      const head = { prog: 0x20008086, serial: call.serial };
      const reply = wireMessage({ ...head, proc: 273, type: 1 }, (await answer(call)) as Buffer);
      return { raw: Buffer.concat([reply, wireMessage({ ...head, proc: 362, type: 2, serial: 0 }, wire.int(1))]) };
    };
    await bench.done(bench.daemon.connectNow());
    await bench.until(
      'it is connected anew',
      () => bench.watchers().length === 2 && bench.daemon.control.status === 'ready',
    );
  });

  it('to a libvirt that stops answering is made again', async () => {
    const bench = await createReadyBench([{ name: 'nas', state: RUNNING }]);
    bench.server.answers[212] = () => 'silence';
    await bench.done(bench.daemon.look(bench.domain('nas')));
    await bench.until('it is connected anew', () => bench.watchers().length === 2 && bench.daemon.control.status === 'ready');
  });

  it('to a libvirt that is frozen is noticed by keepalive', async () => {
    const bench = await createReadyBench([{ name: 'nas', state: RUNNING }]);
    const seen = bench.states('nas');
    bench.server.answersPings = false;
    await bench.until('it is noticed', () => seen.includes('unknown'), 40_000);
    bench.server.answersPings = true;
    await bench.shows('nas', 'running');
  });
});

describe('the end', () => {
  it.each<[string, (bench: Bench) => Promise<unknown>]>([
    ['connected', (bench) => bench.done(bench.daemon.connectNow())],
    ['with a lane for agents', async (bench) => {
      await bench.done(bench.daemon.connectNow());
      await bench.done(bench.daemon.agentLane());
    }],
    ['before it was connected', () => Promise.resolve()],
    ['while it waits to try again', (bench) => {
      bench.sockets.clear();
      return bench.done(bench.daemon.connectNow());
    }],
    ['while it is being let in', async (bench) => {
      bench.server.answers[66] = () => 'silence';
      void bench.daemon.connectNow();
      await bench.until('it is asked', () => bench.heard('auth_list').length === 1);
    }],
    ['while polkit asks somebody', async (bench) => {
      bench.server.answers[66] = () => wire.list([wire.int(2)]);
      bench.server.answers[70] = () => 'silence';
      void bench.daemon.connectNow();
      await bench.until('it is asked', () => bench.heard('auth_polkit').length === 1);
    }],
    ['while it asks how large they are', async (bench) => {
      const answer = bench.server.answers[344]!;
      let listed = false;
      bench.server.answers[344] = (call) => {
        if (listed) return 'silence';
        listed = true;
        return answer(call);
      };
      await bench.done(bench.daemon.connectNow());
      await bench.pass(5);
    }],
    ['while it lists', async (bench) => {
      bench.server.answers[344] = () => 'silence';
      void bench.daemon.connectNow();
      await bench.until('it is asked', () => bench.heard('connect_get_all_domain_stats').length === 1);
    }],
  ])('leaves no timer and no connection: %s', async (_, prepare) => {
    const bench = createBench([{ name: 'nas', state: RUNNING }]);
    await prepare(bench);
    bench.daemon.close();
    await bench.pass(0);
    expect(bench.clock.pendingTimers()).toBe(0);
    expect(bench.server.connections.every(({ ended }) => ended)).toBe(true);
    const dials = bench.dialled.length;
    await bench.pass(60_000);
    await bench.daemon.connectNow();
    expect(bench.dialled).toHaveLength(dials);
  });
});

describe('a libvirt that lets nobody act', () => {
  it.each([
    ['its socket is forbidden', (bench: Bench) => void bench.sockets.set(SOCKET, 'permission'), /may not open/, /usermod -aG libvirt/],
    [
      'polkit says no',
      ({ server }: Bench) => {
        server.answers[66] = ({ connection }) => wire.list([wire.int(connection === server.connections[0] ? 2 : 0)]);
        server.answers[70] = () => ({ error: { code: 45, domain: 60, message: 'authentication failed: access denied by policy' } });
      },
      /access denied by policy/,
      /usermod -aG libvirt/,
    ],
    [
      'polkit has nobody to ask',
      ({ server }: Bench) => {
        server.answers[66] = ({ connection }) => wire.list([wire.int(connection === server.connections[0] ? 2 : 0)]);
        server.answers[70] = () => ({ error: { code: 94, domain: 60, message: 'authentication unavailable: no polkit agent available' } });
      },
      /no polkit agent/,
      /usermod -aG libvirt/,
    ],
    [
      'it asks for SASL',
      ({ server }: Bench) => {
        server.answers[66] = ({ connection }) => wire.list([wire.int(connection === server.connections[0] ? 1 : 0)]);
      },
      /SASL/,
      /auth_unix_rw/,
    ],
  ])('is looked at: %s', async (_, prepare, reason, remedy) => {
    const bench = createBench([{ name: 'nas', state: ASLEEP }]);
    bench.sockets.set('/run/libvirt-sock-ro', 'open');
    prepare(bench);
    await bench.done(bench.daemon.connectNow());
    expect(bench.daemon).toMatchObject({ control: { status: 'ready' }, present: true });
    expect(bench.daemon.readOnly).toMatchObject({
      forbidden: true,
      reason: expect.stringMatching(reason),
      remedy: expect.stringMatching(remedy),
    });
    // connect_open: a name, and VIR_CONNECT_RO.
    const opened = bench.heard('connect_open').at(-1)!.args;
    expect([opened.maybeText(), opened.uint()]).toEqual(['qemu:///system', 1]);
    expect(bench.domain('nas').state.name).toBe('suspended');
    expect(bench.heard('domain_monitor_command')).toEqual([]);
    bench.server.wakeUp(first(bench));
    await bench.shows('nas', 'running', 100);
  });

  it('says so where there is nothing to look through, either', async () => {
    const bench = createBench([{ name: 'nas' }]);
    bench.sockets.set(SOCKET, 'permission');
    await bench.done(bench.daemon.connectNow());
    expect(bench.daemon).toMatchObject({
      present: true,
      readOnly: null,
      control: { status: 'unavailable', reason: expect.stringContaining('may not open'), remedy: expect.stringContaining('usermod') },
    });
  });

  it('is absent where no socket is, and is looked for now and then', async () => {
    const bench = createBench();
    bench.sockets.clear();
    await bench.done(bench.daemon.connectNow());
    expect(bench.daemon).toMatchObject({ present: false, control: { status: 'unavailable', remedy: expect.stringContaining('systemctl') } });
    bench.dialled.length = 0;
    await bench.pass(14_000);
    expect(bench.dialled).toEqual([]);
    await bench.pass(2000);
    expect(bench.dialled).toEqual(['/run/virtqemud-sock', SOCKET]);
  });

  it('that has both sockets is asked through the QEMU daemon’s', async () => {
    const bench = createBench();
    bench.sockets.set('/run/virtqemud-sock', 'open');
    await bench.done(bench.daemon.connectNow());
    expect(new Set(bench.dialled)).toEqual(new Set(['/run/virtqemud-sock']));
  });

  it('is not a libvirt at all', async () => {
    const bench = createBench();
    bench.server.answers[66] = () => ({ raw: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') });
    await bench.done(bench.daemon.connectNow());
    expect(bench.daemon).toMatchObject({ present: true, control: { status: 'unavailable', reason: expect.stringContaining('not a libvirt') } });
  });
});

describe('the lane for agents', () => {
  it('is one connection, made when it is needed, and anew when it broke', async () => {
    const bench = await createReadyBench([{ name: 'nas' }]);
    const [one, two] = await bench.done(Promise.all([bench.daemon.agentLane(), bench.daemon.agentLane()]));
    expect(one).toBe(two);
    expect(one).not.toBe(bench.daemon.client);
    expect(bench.server.connections).toHaveLength(2);
    bench.server.connection().hangUp();
    await bench.done(one.closed);
    expect(await bench.done(bench.daemon.agentLane())).not.toBe(one);
    expect(bench.daemon.control.status).toBe('ready');
  });

  it('ends with the connection, and is none without it', async () => {
    const bench = await createReadyBench([{ name: 'nas' }]);
    const lane = await bench.done(bench.daemon.agentLane());
    bench.server.connections[0]!.hangUp();
    await bench.done(lane.closed);
    bench.stop();
    await bench.pass(5);
    await expect(bench.done(bench.daemon.agentLane())).rejects.toMatchObject({ kind: 'closed' });
  });
});
