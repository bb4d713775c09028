import { describe, expect, it, vi } from 'vitest';
import { createHostHistory } from '../../../main/guests/host-history';
import { createHistory } from '../../../main/history/history';
import type { GuestHost } from '../../../main/hosts/host';
import type { LinkState } from '../../../main/hosts/ssh/link';
import { memoryLog } from '../../../main/storage/log';
import { fakeClock } from '../../fakes/clock';
import { fakeLink, lostLink } from '../../fakes/host-link';
import { createWorld } from './world';

vi.mock('../../../main/demo/one-client-server', () => import('../../fakes/memory-sockets'));

const MINUTE = 60_000;
const refused: LinkState = { kind: 'blocked', reason: 'nas refused the key.', remedy: 'Add it there.' };

function bench(first: LinkState = { kind: 'ready' }) {
  const clock = fakeClock();
  const history = createHistory({ clock, log: memoryLog(), onProblem: () => undefined });
  history.start();
  const hosts = createHostHistory({ clock, history });
  const link: { state: LinkState; lastReady: number | null } = { state: first, lastReady: null };
  const host = { id: 'nas', link } as unknown as GuestHost;
  const origin = clock.now();
  hosts.look(host);
  return {
    clock,
    history,
    hosts,
    link,
    become(state: LinkState) {
      link.state = state;
      hosts.look(host);
    },
    /** Oldest first. */
    texts: () => history.of('nas').map(({ text }) => text).reverse(),
    drawn: () =>
      history
        .timeline('nas', origin, clock.now())
        .stretches.map(({ state, from, to }) => [state, (from - origin) / MINUTE, (to - origin) / MINUTE]),
  };
}

describe('the history of a host', () => {
  it('has a loss, with the reason, and the end of it', async () => {
    const { clock, become, link, texts, drawn, history } = bench();
    await clock.advance(10 * MINUTE);
    // It was dead for long before that was noticed.
    link.lastReady = clock.now() - MINUTE;
    become(lostLink);
    become({ kind: 'connecting', step: 'Looking the host up' });
    become(lostLink);
    await clock.advance(20 * MINUTE);
    become({ kind: 'ready' });
    await clock.advance(MINUTE);
    expect(texts()).toEqual(['The connection was lost. nas closed the connection.', 'Connected again, after 21 min.']);
    expect(history.of('nas').at(-1)).toMatchObject({ at: link.lastReady, failed: true });
    expect(drawn()).toEqual([['running', 0, 9], ['unknown', 9, 30], ['running', 30, 31]]);
  });

  it('a short one is in the timeline alone', async () => {
    const { clock, become, texts, drawn } = bench();
    await clock.advance(5 * MINUTE);
    become(lostLink);
    await clock.advance(15_000);
    become({ kind: 'ready' });
    await clock.advance(MINUTE);
    expect(texts()).toEqual([]);
    expect(drawn()).toEqual([['running', 0, 5], ['unknown', 5, 5.25], ['running', 5.25, 6.25]]);
  });

  it('says when it could not be connected to at all, and that it then was', async () => {
    const { clock, become, texts, drawn } = bench({ kind: 'connecting', step: 'Looking the host up' });
    become(refused);
    await clock.advance(MINUTE);
    expect(texts()).toEqual(['It could not be connected to. nas refused the key.']);
    become({ kind: 'ready' });
    expect(texts().at(-1)).toBe('Connected.');
    expect(drawn()).toEqual([['unknown', 0, 1]]);
  });

  it('names the user who switched it off, and is silent about one that was off from the start', async () => {
    const on = bench();
    on.become({ kind: 'offline' });
    await on.clock.advance(MINUTE);
    expect(on.history.of('nas')).toMatchObject([{ text: 'Switched off in Reveille.', actor: { kind: 'user' }, failed: false }]);
    const off = bench({ kind: 'offline' });
    await off.clock.advance(MINUTE);
    expect(off.texts()).toEqual([]);
  });

  it('does not fill up with a connection that comes and goes', async () => {
    const { clock, become, texts } = bench();
    for (let n = 0; n < 40; n += 1) {
      become(lostLink);
      await clock.advance(40_000);
      become({ kind: 'ready' });
      await clock.advance(5000);
    }
    expect(texts().filter((text) => text.startsWith('The connection was lost'))).toHaveLength(6);
    expect(texts().filter((text) => text.startsWith('Connected again'))).toHaveLength(6);
    expect(texts().some((text) => text.includes('not noted one by one'))).toBe(true);
    await clock.advance(2 * 60 * MINUTE);
    become(lostLink);
    await clock.advance(MINUTE);
    expect(texts().at(-1)).toContain('The connection was lost');
  });

  it('a host that was put to sleep is not lost', async () => {
    const { clock, become, texts, drawn, history } = bench();
    await clock.advance(MINUTE);
    history.state('nas', { name: 'suspended', source: 'event', cause: 'user' });
    become(lostLink);
    await clock.advance(10 * MINUTE);
    become({ kind: 'ready' });
    await clock.advance(MINUTE);
    expect(texts()).toEqual([]);
    expect(drawn()).toEqual([['running', 0, 1], ['suspended', 1, 11], ['running', 11, 12]]);
  });

  it('leaves no timer behind', () => {
    const { clock, become, hosts } = bench();
    const before = clock.pendingTimers();
    become(lostLink);
    expect(clock.pendingTimers()).toBe(before + 1);
    hosts.stop();
    expect(clock.pendingTimers()).toBe(before);
  });
});

describe('a guest on a host that is lost', () => {
  it('is unknown until it is seen again', async () => {
    const link = fakeLink();
    const world = await createWorld([{ name: 'nas' }], { link });
    await world.ready('nas');
    const { id } = world.guest('nas');
    const from = world.clock.now();
    await world.pass(MINUTE);
    link.drop();
    await world.pass(10 * MINUTE);
    link.become({ kind: 'ready' });
    await world.shows('nas', 'running');
    await world.pass(MINUTE);
    for (const subject of [id, 'local']) {
      const { stretches } = world.fleet.history.timeline(subject, from, world.clock.now());
      expect(stretches.map(({ state }) => state)).toEqual(['running', 'unknown', 'running']);
      expect(Math.abs((stretches[1]?.to ?? 0) - (stretches[1]?.from ?? 0) - 10 * MINUTE)).toBeLessThan(5000);
    }
    expect(world.fleet.history.of('local').map(({ text }) => text)).toEqual([
      'Connected again, after 10 min.',
      'The connection was lost. nas closed the connection.',
    ]);
    await world.stop();
  });
});
