import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openLog, type LogLimits } from '../../../main/storage/open-log';
import type { Line, Log } from '../../../main/storage/log';
import { memoryFs, type MemoryFs } from '../../fakes/memory-fs';

const Value = z.object({ text: z.string() });
type Value = z.infer<typeof Value>;

const small: LogLimits = { segment: 300, total: 2000, segments: 4 };

const open = (fs: MemoryFs, limits: LogLimits = small): Promise<Log<Value>> =>
  openLog<Value>({ dir: '/p/log', name: 'test', version: 1, parse: (value) => Value.parse(value), limits, fs });

const texts = (log: Log<Value>) => log.loaded.map(({ value }) => value.text);
const sizeOf = (fs: MemoryFs) => fs.paths().reduce((sum, path) => sum + Buffer.byteLength(fs.text(path) ?? ''), 0);
const contents = (fs: MemoryFs) => fs.paths().map((path) => fs.text(path)).join('');

/** Many small files, of which the next flush joins some. */
async function withManyFiles(): Promise<MemoryFs> {
  const fs = memoryFs();
  for (let n = 0; n < 7; n += 1) {
    const log = await open(fs, { ...small, segments: 99 });
    log.add({ text: `run ${n}` });
    await log.flush();
    await log.close();
  }
  return fs;
}

async function filled(fs: MemoryFs, ...values: string[]): Promise<Line<Value>[]> {
  const log = await open(fs);
  const lines: Line<Value>[] = [];
  for (const text of values) {
    lines.push(log.add({ text }));
    await log.flush();
  }
  await log.close();
  return lines;
}

describe('a log', () => {
  it('has what was flushed, in order, over any number of runs', async () => {
    const fs = memoryFs();
    expect(texts(await open(fs))).toEqual([]);
    await filled(fs, 'a', 'b');
    await filled(fs, 'c');
    const log = await open(fs);
    expect(texts(log)).toEqual(['a', 'b', 'c']);
    expect(log.problem).toBeUndefined();
    expect(log.loaded.map(({ n }) => n)).toEqual([1, 2, 3]);
  });

  it('makes no file before there is something to write', async () => {
    const fs = memoryFs();
    const log = await open(fs);
    await log.flush();
    await log.close();
    expect(fs.paths()).toEqual([]);
  });

  it('stays below its size however much is written, and keeps what was not dropped', async () => {
    const fs = memoryFs();
    const log = await open(fs);
    const keeper = log.add({ text: 'the first stays' });
    let last = keeper;
    let largest = 0;
    for (let n = 0; n < 500; n += 1) {
      if (last !== keeper) log.drop(last);
      last = log.add({ text: `noise ${n}` });
      await log.flush();
      largest = Math.max(largest, sizeOf(fs));
    }
    await log.close();
    expect(largest).toBeLessThanOrEqual(small.total + small.segment);
    expect(fs.paths().length).toBeLessThanOrEqual(small.segments + 1);
    const kept = texts(await open(fs));
    expect(kept[0]).toBe('the first stays');
    expect(kept.at(-1)).toBe('noise 499');
  });

  it('joins files of many short runs', async () => {
    const fs = memoryFs();
    for (let n = 0; n < 20; n += 1) await filled(fs, `run ${n}`);
    expect(fs.paths().length).toBeLessThanOrEqual(small.segments + 1);
    expect(texts(await open(fs))).toEqual(Array.from({ length: 20 }, (_, n) => `run ${n}`));
  });

  it('has nothing left of what was dropped after a purge', async () => {
    const fs = memoryFs();
    const log = await open(fs);
    const lines = ['keep 1', 'secret 1', 'keep 2', 'secret 2'].map((text) => log.add({ text }));
    await log.flush();
    for (const line of lines) if (line.value.text.startsWith('secret')) log.drop(line);
    await log.purge();
    expect(contents(fs)).not.toContain('secret');
    log.add({ text: 'keep 3' });
    await log.flush();
    expect(texts(await open(fs.afterProcessEnd()))).toEqual(['keep 1', 'keep 2', 'keep 3']);
  });

  it('has nothing left of it either where a line stood in two files', async () => {
    const fs = await withManyFiles();
    const twice = fs.text('/p/log/00000001.jsonl') ?? '';
    fs.put('/p/log/00000099.jsonl', twice);
    const log = await open(fs);
    const [line] = log.loaded;
    expect(line?.value.text).toBe('run 0');
    if (line) log.drop(line);
    await log.purge();
    expect(contents(fs)).not.toContain('run 0');
  });

  it('does not write what was dropped before it was written', async () => {
    const fs = memoryFs();
    const log = await open(fs);
    log.drop(log.add({ text: 'never' }));
    log.add({ text: 'always' });
    await log.flush();
    expect(contents(fs)).not.toContain('never');
  });
});

describe('a disk that fails', () => {
  it.each([
    ['ENOSPC', 'write', 'disk is full'],
    ['ENOSPC', 'create', 'disk is full'],
    ['EIO', 'sync', 'reported an error'],
    ['EROFS', 'makeDirectory', 'read-only'],
    ['EACCES', 'create', 'Permission was denied'],
  ] as const)('(%s at %s) is told, and what was added is written as soon as it works again', async (code, operation, words) => {
    const fs = memoryFs();
    const log = await open(fs);
    if (operation !== 'create' && operation !== 'makeDirectory') {
      log.add({ text: 'before' });
      await log.flush();
    } else log.add({ text: 'before' });
    fs.fault = (_, one) => (one === operation ? code : undefined);
    log.add({ text: 'during' });
    await expect(log.flush()).rejects.toMatchObject({ name: 'StorageError', message: expect.stringContaining(words) });
    log.add({ text: 'during 2' });
    await expect(log.flush()).rejects.toMatchObject({ code });
    fs.fault = () => undefined;
    log.add({ text: 'after' });
    await log.flush();
    expect(texts(await open(fs.afterProcessEnd()))).toEqual(['before', 'during', 'during 2', 'after']);
    expect((await open(fs.afterProcessEnd())).problem).toBeUndefined();
  });

  it('leaves no heap of half-written files behind while it is full', async () => {
    const fs = memoryFs();
    const log = await open(fs);
    fs.fault = (_, operation) => (operation === 'write' ? 'ENOSPC' : undefined);
    for (let n = 0; n < 30; n += 1) {
      log.add({ text: `${n}` });
      await expect(log.flush()).rejects.toThrow();
    }
    expect(fs.paths()).toEqual([]);
  });
});

describe('files that are not as they were left', () => {
  it('a newer version is left alone', async () => {
    const fs = memoryFs();
    const newer = '{"log":"test","version":2}\n{"something":"else"}\n';
    fs.put('/p/log/00000001.jsonl', newer);
    await expect(open(fs)).rejects.toMatchObject({ code: 'NEWER_VERSION' });
    expect(fs.text('/p/log/00000001.jsonl')).toBe(newer);
  });

  it('a line in the middle that cannot be read is left out, and told', async () => {
    const fs = memoryFs();
    await filled(fs, 'a', 'b', 'c');
    const path = fs.paths()[0] ?? '';
    fs.put(path, (fs.text(path) ?? '').replace('"b"', '"b'));
    const log = await open(fs);
    expect(texts(log)).toEqual(['a', 'c']);
    expect(log.problem?.message).toMatch(/00000001\.jsonl is damaged: one line cannot be read/);
  });

  it('a file that is none of ours is kept aside, and told', async () => {
    const fs = memoryFs();
    await filled(fs, 'a');
    fs.put('/p/log/00000002.jsonl', '\0'.repeat(500));
    const log = await open(fs);
    expect(texts(log)).toEqual(['a']);
    expect(log.problem?.message).toMatch(/00000002\.jsonl is damaged .*kept as .*00000002\.jsonl\.bad-/);
    log.add({ text: 'b' });
    await log.flush();
    expect(fs.paths().filter((path) => path.includes('.bad-'))).toHaveLength(1);
    expect(texts(await open(fs.afterProcessEnd()))).toEqual(['a', 'b']);
  });

  it('one that cannot be set aside is not written over', async () => {
    const fs = memoryFs();
    fs.put('/p/log/00000001.jsonl', 'rubbish\n');
    fs.fault = (_, operation) => (operation === 'rename' ? 'EACCES' : undefined);
    const log = await open(fs);
    expect(log.problem?.message).toContain('could not be set aside');
    log.add({ text: 'a' });
    await log.flush();
    expect(fs.text('/p/log/00000001.jsonl')).toBe('rubbish\n');
  });

  it('a line too long to be one of ours is left out without being parsed', async () => {
    const fs = memoryFs();
    await filled(fs, 'a', 'b');
    const path = fs.paths()[0] ?? '';
    const [head, ...lines] = (fs.text(path) ?? '').split('\n');
    fs.put(path, [head, `{"n":99,"value":{"text":"${'x'.repeat(5_000_000)}"}}`, ...lines].join('\n'));
    const log = await open(fs);
    expect(texts(log)).toEqual(['a', 'b']);
    expect(log.problem?.message).toContain('one line cannot be read');
  });

  it('any tail of garbage costs nothing that was flushed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (garbage, endsLine) => {
        const fs = memoryFs();
        await filled(fs, 'a', 'b');
        const path = fs.paths()[0] ?? '';
        const tail = endsLine ? [...garbage, 10] : [...garbage];
        fs.put(path, Buffer.concat([Buffer.from(fs.text(path) ?? ''), Buffer.from(tail)]));
        const log = await open(fs);
        expect(texts(log)).toEqual(['a', 'b']);
        log.add({ text: 'c' });
        await log.flush();
        expect(texts(await open(fs.afterProcessEnd()))).toEqual(['a', 'b', 'c']);
      }),
      { numRuns: 200 },
    );
  });

  it('cut off at any byte, it has every line that is whole', async () => {
    const fs = memoryFs();
    await filled(fs, 'eins', 'zwei', 'drei — ä');
    const path = fs.paths()[0] ?? '';
    const whole = Buffer.from(fs.text(path) ?? '');
    for (let length = 0; length <= whole.length; length += 1) {
      const cut = memoryFs(new Map([[path, whole.subarray(0, length)]]));
      const log = await open(cut);
      const lines = whole.subarray(0, length).toString().split('\n').length - 2;
      expect(texts(log)).toEqual(['eins', 'zwei', 'drei — ä'].slice(0, Math.max(0, lines)));
      expect(log.problem).toBeUndefined();
    }
  });
});

describe('while files are joined', () => {
  const runs = Array.from({ length: 7 }, (_, n) => `run ${n}`);

  it('ended at any step, whatever the disk had done by then, it has each line once', async () => {
    let cases = 0;
    for (let crashStep = 1; ; crashStep += 1) {
      const fs = (await withManyFiles()).afterProcessEnd();
      fs.fault = (step) => (step === crashStep ? 'crash' : undefined);
      const play = async () => {
        const log = await open(fs);
        log.add({ text: 'one more' });
        await log.flush();
        await log.close();
      };
      await Promise.race([play(), fs.crashed]);
      if (!fs.isCrashed()) break;
      for (let subset = 0; subset < 2 ** fs.unsyncedChanges; subset += 1) {
        cases += 1;
        const log = await open(fs.afterPowerLoss((index) => ((subset >> index) & 1) === 1));
        expect(texts(log).filter((text) => text !== 'one more')).toEqual(runs);
      }
      expect(texts(await open(fs.afterProcessEnd())).filter((text) => text !== 'one more')).toEqual(runs);
    }
    expect(cases).toBeGreaterThan(50);
  });

  it('goes on after a failure at any step', async () => {
    for (let failingStep = 1; ; failingStep += 1) {
      const fs = (await withManyFiles()).afterProcessEnd();
      let failed = false;
      const log = await open(fs);
      const before = fs.steps;
      fs.fault = (step) => (step === before + failingStep ? ((failed = true), 'EIO') : undefined);
      log.add({ text: 'one more' });
      await log.flush().catch(() => undefined);
      await log.flush();
      expect(texts(await open(fs.afterPowerLoss(0)))).toEqual([...runs, 'one more']);
      if (!failed) break;
    }
  });
});

type Step = { readonly kind: 'add' | 'add-some' | 'drop' | 'flush' | 'purge' | 'reopen'; readonly pick: number };

describe('whatever happens', () => {
  const step = fc.record({
    kind: fc.constantFrom<Step['kind']>('add', 'add-some', 'add-some', 'drop', 'drop', 'flush', 'flush', 'purge', 'reopen', 'reopen'),
    pick: fc.nat(1000),
  });

  it('nothing that was acknowledged is lost, nothing is there twice or changed, and it stays small', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 80 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom('process', 'power'),
        fc.infiniteStream(fc.boolean()),
        async (steps, crashAt, ending, keptChanges) => {
          let fs = memoryFs();
          /** Not dropped; and those of them that a flush has acknowledged. */
          const live = new Map<Line<Value>, string>();
          const acknowledged = new Set<string>();
          const added = new Set<string>();
          let serial = 0;

          const play = async () => {
            let log = await open(fs);
            for (const { kind, pick } of steps) {
              if (kind === 'add' || kind === 'add-some') {
                for (let n = 0; n < (kind === 'add' ? 1 : pick % 9); n += 1) {
                  const text = `${(serial += 1)} ${'x'.repeat(pick % 90)}`;
                  added.add(text);
                  live.set(log.add({ text }), text);
                }
              } else if (kind === 'drop') {
                const [line, text] = [...live][pick % Math.max(1, live.size)] ?? [];
                if (!line || text === undefined) continue;
                log.drop(line);
                live.delete(line);
                acknowledged.delete(text);
              } else if (kind === 'reopen') {
                await log.close();
                log = await open(fs);
                const known = new Set(live.values());
                live.clear();
                for (const line of log.loaded) {
                  if (known.has(line.value.text)) live.set(line, line.value.text);
                  else log.drop(line);
                }
              } else {
                const now = [...live.values()];
                await log[kind]();
                if (kind === 'flush') for (const text of now) acknowledged.add(text);
              }
            }
          };
          await play();
          const crashStep = Math.ceil(fs.steps * crashAt);
          fs = memoryFs();
          fs.fault = (n) => (n === crashStep ? 'crash' : undefined);
          for (const known of [live, acknowledged, added]) known.clear();
          serial = 0;
          await Promise.race([play(), fs.crashed]);

          expect(sizeOf(fs)).toBeLessThan(small.total + [...live.values()].join('').length * 2 + 30 * live.size + 4 * small.segment);
          const after = ending === 'process' ? fs.afterProcessEnd() : fs.afterPowerLoss(() => keptChanges.next().value === true);
          const log = await open(after);
          const there = texts(log);
          expect(new Set(there).size).toBe(there.length);
          for (const text of acknowledged) expect(there).toContain(text);
          for (const text of there) expect(added).toContain(text);
          const serials = there.map((text) => Number(text.split(' ')[0]));
          expect(serials).toEqual([...serials].sort((a, b) => a - b));
          expect(log.problem).toBeUndefined();

          log.add({ text: '99999 after' });
          await log.flush();
          expect(texts(await open(after.afterPowerLoss(99)))).toEqual([...there, '99999 after']);
        },
      ),
      { numRuns: 1500 },
    );
  });
});
