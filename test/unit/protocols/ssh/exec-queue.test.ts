import { describe, expect, it } from 'vitest';
import { execQueue, type Slot } from '../../../../main/protocols/ssh/exec-queue';
import { fakeClock } from '../../../fakes/clock';

class Refused extends Error {}
class NoRoom extends Error {}

/** A server with room for `capacity` sessions, freed `lagMs` after their slot was. */
function serverWith(capacity: number, { lagMs = 0 } = {}) {
  const clock = fakeClock();
  const seen = { open: 0, most: 0, refused: 0, order: [] as number[] };
  const queue = execQueue<number>({ clock, isRefusal: (error) => error instanceof Refused, noRoom: (limit) => new NoRoom(String(limit)) });
  const open = (id: number) => async () => {
    await Promise.resolve();
    if (seen.open >= capacity) {
      seen.refused += 1;
      throw new Refused();
    }
    seen.open += 1;
    seen.most = Math.max(seen.most, seen.open);
    seen.order.push(id);
    return id;
  };
  const free = () => void (seen.open -= 1);
  const end = (slot: Slot<number>) => {
    if (lagMs === 0) free();
    else clock.setTimer(lagMs, free);
    slot.release();
    slot.release();
  };
  /** Runs `count` commands of 10 ms each. */
  const run = (count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, id) => {
        const slot = await queue.acquire(open(id));
        await new Promise<void>((resolve) => void clock.setTimer(10, resolve));
        end(slot);
        return slot.session;
      }),
    );
  return { clock, queue, seen, run, open, end };
}

const finish = async <T>({ clock }: { clock: ReturnType<typeof fakeClock> }, work: Promise<T>): Promise<T> => {
  await clock.advance(60_000);
  return work;
};

describe('execQueue', () => {
  it('opens eight at once where the server lets it', async () => {
    const server = serverWith(10);
    await finish(server, server.run(30));
    expect(server.seen).toMatchObject({ most: 8, refused: 0, open: 0 });
  });

  it.each([1, 2, 5])('learns that there is room for %i, loses none, and is refused no more', async (capacity) => {
    const server = serverWith(capacity);
    const ids = Array.from({ length: 30 }, (_, id) => id);
    expect(await finish(server, server.run(30))).toEqual(ids);
    expect(server.seen.order).toEqual(ids);
    expect(server.queue.limit()).toBe(capacity);
    const { refused } = server.seen;
    expect(refused).toBeGreaterThan(0);
    await finish(server, server.run(30));
    expect(server.seen.refused).toBe(refused);
    expect(server.seen.most).toBe(capacity);
  });

  it.each([1, 4])('a server that frees sessions late does not make it lower its limit of %i', async (capacity) => {
    const server = serverWith(capacity, { lagMs: 40 });
    expect(await finish(server, server.run(40))).toHaveLength(40);
    expect(server.queue.limit()).toBe(capacity);
  });

  it('gives up where there is no room at all', async () => {
    const server = serverWith(0);
    const outcome = Promise.allSettled([server.run(1), server.run(3)]);
    await server.clock.advance(5000);
    expect((await outcome).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await server.clock.advance(60_000);
    expect(server.clock.pendingTimers()).toBe(0);
  });

  it('passes other errors on, and goes on with the next', async () => {
    const server = serverWith(1);
    const failed = server.queue.acquire(() => Promise.reject(new Error('broken')));
    const next = server.queue.acquire(server.open(7));
    await expect(failed).rejects.toThrow('broken');
    expect((await next).session).toBe(7);
  });

  it('close() ends all waiting, with its reason', async () => {
    const server = serverWith(1);
    const slot = await server.queue.acquire(server.open(0));
    const waiting = Array.from({ length: 12 }, (_, id) => server.queue.acquire(server.open(id)));
    const outcome = Promise.allSettled(waiting);
    await server.clock.advance(1);
    server.queue.close(new Error('gone'));
    for (const each of await outcome) expect(each).toMatchObject({ status: 'rejected', reason: { message: 'gone' } });
    server.end(slot);
    await expect(server.queue.acquire(server.open(99))).rejects.toThrow('gone');
    expect(server.seen.open).toBe(0);
    expect(server.clock.pendingTimers()).toBe(0);
  });
});

describe('streams', () => {
  /** Opens streams until none is granted, and leaves when told to. */
  const streamsOn = (server: ReturnType<typeof serverWith>) => {
    const held: Slot<number>[] = [];
    const refused: string[] = [];
    const evicted: number[] = [];
    const begin = async (id: number) => {
      try {
        const slot = await server.queue.acquire(server.open(id), 'stream');
        held.push(slot);
        void slot.evicted.then(() => {
          held.splice(held.indexOf(slot), 1);
          evicted.push(slot.session);
          server.end(slot);
        });
      } catch (error) {
        refused.push(String(error));
      }
    };
    return { held, refused, evicted, begin };
  };

  it.each([10, 8, 5, 2, 1])('leave a server that grants %i sessions room for commands', async (capacity) => {
    const server = serverWith(capacity);
    const { held, refused, evicted, begin } = streamsOn(server);
    for (let id = 100; id < 112; id += 1) void begin(id);
    await server.clock.advance(100);
    const ids = await finish(server, server.run(20));
    expect(ids).toHaveLength(20);
    const room = Math.min(8, capacity) - 1;
    expect(held).toHaveLength(room);
    expect(refused.length + evicted.length).toBe(12 - room);
    expect(evicted.length).toBeLessThan(2);
    expect(new Set(refused)).toEqual(new Set([`Error: ${Math.min(8, capacity)}`]));
    expect(server.clock.pendingTimers()).toBe(0);
  });

  it('wait 5 s for the room of another', async () => {
    const server = serverWith(2);
    const { held, refused, begin } = streamsOn(server);
    void begin(1);
    await finish(server, server.run(5));
    void begin(2);
    await server.clock.advance(4900);
    expect([held.map(({ session }) => session), refused]).toEqual([[1], []]);
    server.end(held.shift() as Slot<number>);
    await server.clock.advance(10);
    expect(held.map(({ session }) => session)).toEqual([2]);
    void begin(3);
    await server.clock.advance(5000);
    expect(refused).toEqual(['Error: 2']);
  });

  it('that wait do not keep commands waiting', async () => {
    const server = serverWith(8);
    const { begin } = streamsOn(server);
    for (let id = 100; id < 120; id += 1) void begin(id);
    await server.clock.advance(1);
    const started = server.clock.monotonic();
    const done = server.run(3).then(() => server.clock.monotonic() - started);
    await server.clock.advance(200);
    expect(await done).toBeLessThan(100);
  });
});
