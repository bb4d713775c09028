import { describe, expect, it } from 'vitest';
import type { FakeHandler } from '../../../fakes/libvirt-server';
import { wire } from '../../../fakes/libvirt-wire';
import { ASLEEP, createReadyBench, MONITOR, PAUSED, RUNNING, SHUTOFF, tell, tellAgent, type Bench } from './bench';

const only = async (state: readonly [number, number] = RUNNING, more: { managedSave?: boolean } = {}) => {
  const bench = await createReadyBench([{ name: 'nas', state, ...more }]);
  return { ...bench, nas: [...bench.server.domains.values()][0]! };
};

/** Keeps the answers of a procedure until they are let go, as they were when it was asked. */
function held({ server }: Bench, proc: number): { release(): void } {
  const before = server.answers[proc]!;
  const waiting: (() => void)[] = [];
  server.answers[proc] = (async (call) => {
    const answer = await before(call);
    await new Promise<void>((resolve) => waiting.push(resolve));
    return answer;
  }) satisfies FakeHandler;
  return {
    release() {
      server.answers[proc] = before;
      for (const go of waiting) go();
    },
  };
}

describe('what happens to a domain', () => {
  it('is told as it comes, once each', async () => {
    const { nas, server, states, pass, domain } = await only();
    const seen = states('nas');
    server.fallAsleep(nas);
    await pass(5);
    expect(domain('nas').state).toMatchObject({ name: 'suspended', source: 'event', cause: 'guest' });
    server.wakeUp(nas);
    await pass(5);
    server.change(nas, PAUSED, [3, 0]);
    await pass(5);
    server.change(nas, RUNNING, [4, 0]);
    await pass(5);
    server.change(nas, [5, 2], [5, 1]);
    await pass(5);
    expect(seen).toEqual(['suspended', 'running', 'paused', 'running', 'off']);
    expect(domain('nas')).toMatchObject({ active: false, state: { cause: 'host' } });
  });

  it('says since when, and of what it found when it came it does not know', async () => {
    const { nas, server, clock, pass, domain } = await only();
    expect(domain('nas').state).toMatchObject({ name: 'running', source: 'query', since: null });
    await pass(10_000);
    server.fallAsleep(nas);
    await pass(5);
    const { since } = domain('nas').state;
    expect(since).not.toBeNull();
    expect(clock.now() - since!).toBeLessThanOrEqual(5);
    await pass(1000);
    expect(domain('nas').state.since).toBe(since);
  });

  it.each([
    ['reboot', { kind: 'reset' }],
    ['control-error', { kind: 'state', state: expect.objectContaining({ name: 'unknown' }) }],
  ] as const)('%s', async (what, expected) => {
    const bench = await only();
    const news = bench.watch('nas');
    tell(bench, what, bench.nas);
    await bench.pass(5);
    expect(news).toEqual([expected]);
  });

  it('its agent’s coming and going is told, and is no news of its state', async () => {
    const bench = await only();
    const news = bench.watch('nas');
    tellAgent(bench, bench.nas, 2);
    tellAgent(bench, bench.nas, 1);
    await bench.pass(5);
    expect(news).toEqual([
      { kind: 'agent', connected: false },
      { kind: 'agent', connected: true },
    ]);
  });

  it('its start and its stop bring another definition into force', async () => {
    const { nas, server, watch, pass, domain } = await only(SHUTOFF);
    const news = watch('nas');
    server.change(nas, RUNNING, [2, 0]);
    await pass(5);
    expect(news.filter(({ kind }) => kind === 'definition')).toHaveLength(1);
    expect(domain('nas').active).toBe(true);
    server.change(nas, [5, 1], [5, 0]);
    await pass(5);
    expect(news.filter(({ kind }) => kind === 'definition').length).toBeGreaterThanOrEqual(2);
    expect(domain('nas').active).toBe(false);
  });

  it('a listener that left hears nothing more', async () => {
    const { nas, server, domain, pass } = await only();
    const heard: unknown[] = [];
    domain('nas').subscribe((news) => heard.push(news))();
    server.fallAsleep(nas);
    await pass(5);
    expect(heard).toEqual([]);
  });
});

describe('an answer that was asked for before an event', () => {
  it('does not overwrite it', async () => {
    const bench = await only();
    const { nas, server, domain, daemon, done, pass, states } = bench;
    const answers = held(bench, 212);
    const looking = daemon.look(domain('nas'));
    await pass(5);
    server.fallAsleep(nas);
    await pass(5);
    const seen = states('nas');
    answers.release();
    await done(looking);
    expect(domain('nas').state).toMatchObject({ name: 'suspended', source: 'event' });
    expect(seen).toEqual([]);
  });

  it('nor does a listing', async () => {
    const bench = await only();
    const { nas, server, domain, daemon, done, pass } = bench;
    const answers = held(bench, 344);
    const listing = daemon.relist();
    await pass(5);
    server.change(nas, PAUSED, [3, 0]);
    await pass(5);
    answers.release();
    await done(listing);
    expect(domain('nas').state).toMatchObject({ name: 'paused', source: 'event' });
  });

  it('counts when nothing came in between', async () => {
    const { nas, domain, daemon, done } = await only();
    nas.state = PAUSED;
    await done(daemon.look(domain('nas')));
    expect(domain('nas').state).toMatchObject({ name: 'paused', source: 'query' });
  });

  it('counts, too, when what came is no news of the state', async () => {
    const bench = await only();
    const { nas, domain, daemon, done, pass } = bench;
    nas.state = PAUSED;
    const answers = held(bench, 212);
    const looking = daemon.look(domain('nas'));
    await pass(5);
    tell(bench, 'reboot', nas);
    tellAgent(bench, nas, 1);
    await pass(5);
    answers.release();
    await done(looking);
    expect(domain('nas').state.name).toBe('paused');
  });
});

describe('hibernation', () => {
  const hibernate = async (bench: Awaited<ReturnType<typeof only>>) => {
    tell(bench, 'pmsuspend-disk', bench.nas);
    bench.server.change(bench.nas, ASLEEP, [7, 1]);
    await bench.pass(5);
    bench.server.change(bench.nas, [4, 0], [6, 1]);
    bench.server.change(bench.nas, [5, 1], [5, 0]);
    await bench.pass(5);
  };

  it('goes from running to hibernated, and never by sleeping', async () => {
    const bench = await only();
    const seen = bench.states('nas');
    await hibernate(bench);
    expect(seen).toEqual(['hibernated']);
    expect(bench.domain('nas').state).toMatchObject({ source: 'event', cause: 'guest' });
  });

  it('is not asleep for who asks on the way', async () => {
    const bench = await only();
    const seen = bench.states('nas');
    tell(bench, 'pmsuspend-disk', bench.nas);
    bench.server.change(bench.nas, ASLEEP, [7, 1]);
    await bench.pass(5);
    expect(bench.domain('nas').sleptToDisk).toBe(true);
    await bench.done(bench.daemon.look(bench.domain('nas')));
    await bench.done(bench.daemon.relist());
    expect(seen).toEqual([]);
    expect(bench.heard('domain_monitor_command')).toEqual([]);
  });

  it('stays when libvirt says that it is shut off', async () => {
    const bench = await only();
    await hibernate(bench);
    await bench.done(bench.daemon.look(bench.domain('nas')));
    await bench.done(bench.daemon.relist());
    expect(bench.domain('nas').state.name).toBe('hibernated');
  });

  it('is over with the next start, and a shutdown after that is one', async () => {
    const bench = await only();
    await hibernate(bench);
    bench.server.change(bench.nas, RUNNING, [2, 0]);
    await bench.shows('nas', 'running');
    bench.server.change(bench.nas, [5, 1], [6, 1]);
    bench.server.change(bench.nas, [5, 1], [5, 0]);
    expect(await bench.shows('nas', 'off')).toMatchObject({ cause: 'guest' });
  });

  it('that libvirt makes a restart of is none', async () => {
    const bench = await only();
    tell(bench, 'pmsuspend-disk', bench.nas);
    bench.server.change(bench.nas, ASLEEP, [7, 1]);
    tell(bench, 'reboot', bench.nas);
    bench.server.change(bench.nas, [1, 5], [4, 0]);
    await bench.pass(5);
    expect(bench.domain('nas')).toMatchObject({ sleptToDisk: false, state: { name: 'running' } });
    bench.server.change(bench.nas, [5, 1], [5, 0]);
    await bench.shows('nas', 'off');
  });

  it('that nobody saw the start after does not make the next shutdown one', async () => {
    const bench = await only();
    await hibernate(bench);
    bench.stop();
    bench.nas.state = RUNNING;
    bench.nas.id = 9;
    await bench.pass(5);
    bench.sockets.set('/run/libvirt-sock', 'open');
    await bench.shows('nas', 'running');
    bench.server.change(bench.nas, [5, 1], [5, 0]);
    await bench.shows('nas', 'off');
  });

  it('that nobody saw the start after does not hide that it sleeps', async () => {
    const bench = await only();
    await hibernate(bench);
    bench.stop();
    bench.nas.state = ASLEEP;
    bench.nas.id = 9;
    bench.server.answers[MONITOR] = () => wire.text('{"return":{"status":"suspended"}}');
    await bench.pass(5);
    bench.sockets.set('/run/libvirt-sock', 'open');
    await bench.shows('nas', 'suspended');
  });
});

describe('a managed save', () => {
  it('is a state of its own, however it is found', async () => {
    const found = await only([5, 0], { managedSave: true });
    expect(found.domain('nas').state.name).toBe('saved');
    const seen = await only();
    seen.nas.managedSave = true;
    seen.server.change(seen.nas, [5, 5], [5, 4]);
    await seen.shows('nas', 'saved');
  });

  it('that is removed leaves it off, which only a look tells', async () => {
    const { nas, domain, daemon, done } = await only([5, 5], { managedSave: true });
    nas.managedSave = false;
    await done(daemon.look(domain('nas')));
    expect(domain('nas').state.name).toBe('off');
  });
});
