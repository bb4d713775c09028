import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignKeys, type Identity } from '../../../../main/hosts/discovery/identity';

const identity = (over: Partial<Identity> = {}): Identity => ({
  process: '1/1',
  startOrder: 1,
  owner: 'user',
  vmid: null,
  uuid: null,
  name: null,
  monitor: null,
  command: 'qemu',
  ...over,
});
const keyOf = (over: Partial<Identity>) => assignKeys([identity(over)], new Map())[0];
const uuid = '6f9619ff-8b86-d011-b42d-00cf4fc964ff';

describe('assignKeys', () => {
  it('gives the same command line the same key after a restart', () => {
    const again = { process: '77/900', startOrder: 900 };
    for (const guest of [{ uuid, monitor: 'unix:/a' }, { name: 'web' }, { monitor: 'unix:/a' }, {}]) {
      expect(keyOf({ ...guest, ...again })).toBe(keyOf(guest));
    }
  });

  it('goes by UUID first, then by name: the rest may change', () => {
    expect(keyOf({ uuid, name: 'new', monitor: 'unix:/a', command: 'other' })).toBe(
      keyOf({ uuid, name: 'old', monitor: 'unix:/a' }),
    );
    expect(keyOf({ name: 'web', command: 'other' })).toBe(keyOf({ name: 'web' }));
    expect(keyOf({ command: 'other' })).not.toBe(keyOf({}));
  });

  it('never mixes up the kinds of identity', () => {
    expect(keyOf({ uuid })).not.toBe(keyOf({ name: uuid }));
    expect(keyOf({ name: 'unix:/a' })).not.toBe(keyOf({ monitor: 'unix:/a' }));
  });

  it('tells a copied VM with the same UUID apart, running alone or beside the original', () => {
    const original = identity({ process: '1/1', uuid, monitor: 'unix:/a' });
    const copy = identity({ process: '2/2', startOrder: 2, uuid, monitor: 'unix:/b' });
    const together = assignKeys([original, copy], new Map());
    expect(assignKeys([copy, original], new Map())).toEqual([...together].reverse());
    expect(together).toEqual([keyOf(original), keyOf(copy)]);
    expect(new Set(together).size).toBe(2);
  });

  it('keeps to the UUID where libvirt moves the monitor at each start', () => {
    const first = {
      owner: 'libvirt' as const,
      uuid,
      monitor: 'unix:/var/lib/libvirt/qemu/domain-1-web/monitor.sock',
    };
    expect(keyOf({ ...first, monitor: 'unix:/var/lib/libvirt/qemu/domain-2-web/monitor.sock' })).toBe(
      keyOf(first),
    );
  });

  it('does not change the key of a live process when an older one of the same identity comes or goes', () => {
    const given = new Map<string, string>();
    const first = identity({ process: '5/50', startOrder: 50, name: 'web' });
    const older = identity({ process: '4/40', startOrder: 40, name: 'web', command: 'other' });
    const [key] = assignKeys([first], given);
    const [olderKey, sameKey] = assignKeys([older, first], given);
    expect(sameKey).toBe(key);
    expect(olderKey).not.toBe(key);
    expect(assignKeys([older], given)).toEqual([olderKey]);
  });

  it('forgets processes that are gone', () => {
    const given = new Map<string, string>();
    assignKeys([identity()], given);
    assignKeys([], given);
    expect(given.size).toBe(0);
  });

  it('never gives two processes one key, and never depends on the order they are listed in', () => {
    const some = fc.record({
      owner: fc.constantFrom('user' as const, 'libvirt' as const),
      uuid: fc.constantFrom(null, uuid),
      name: fc.constantFrom(null, 'a'),
      monitor: fc.constantFrom(null, 'unix:/a', 'unix:/b'),
      command: fc.constantFrom('x', 'y'),
      startOrder: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (list, random) => {
        const all = list.map((one, at) => identity({ ...one, process: `${at + 1}/${one.startOrder}` }));
        const keys = assignKeys(all, new Map());
        expect(new Set(keys).size).toBe(all.length);
        const shuffled = all.map((one) => ({ one, by: random.next().value })).sort((a, b) => a.by - b.by);
        const again = assignKeys(
          shuffled.map(({ one }) => one),
          new Map(),
        );
        for (const [at, { one }] of shuffled.entries()) expect(again[at]).toBe(keys[all.indexOf(one)]);
      }),
    );
  });
});
