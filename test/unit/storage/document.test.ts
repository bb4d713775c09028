import { describe, expect, it } from 'vitest';
import { openDocument, type Document } from '../../../main/storage/document';
import { StorageError } from '../../../main/storage/errors';
import { memoryFs, type Fault, type MemoryFs } from '../../fakes/memory-fs';

const parse = (value: unknown): string[] => {
  if (!Array.isArray(value)) throw new Error('value: a list was expected');
  return value.map((item, index) => {
    if (typeof item !== 'string') throw new Error(`value[${index}]: a text was expected`);
    return item;
  });
};
const clock = { now: () => Date.UTC(2026, 10, 22, 12, 30) };
const openOn = (fs: MemoryFs, version = 1) =>
  openDocument({ dir: '/data', name: 'things', version, parse, empty: [] as string[], fs, clock });
const file = '/data/things.json';
const backup = '/data/things.json.bak';
const written = (value: unknown, version = 1) => JSON.stringify({ document: 'things', version, value });

describe('a document', () => {
  it('starts empty and finds what was saved', async () => {
    const fs = memoryFs();
    const first = await openOn(fs);
    expect(first.value).toEqual([]);
    expect(first.problem).toBeUndefined();
    await first.save(['a']);
    expect(first.value).toEqual(['a']);
    const second = await openOn(fs.afterProcessEnd());
    expect(second.value).toEqual(['a']);
    expect(second.problem).toBeUndefined();
  });

  it('keeps the whole version before as backup, and no temporary file', async () => {
    const fs = memoryFs();
    const document = await openOn(fs);
    await document.save(['a']);
    expect(fs.paths()).toEqual([file]);
    await document.save(['b']);
    expect(fs.paths()).toEqual([file, backup]);
    expect(JSON.parse(fs.text(backup) ?? '')).toMatchObject({ value: ['a'] });
  });

  it('saves the value as it was when save was called', async () => {
    const fs = memoryFs();
    const document = await openOn(fs);
    const value = ['a'];
    const saved = document.save(value);
    value.push('later');
    await saved;
    expect((await openOn(fs.afterProcessEnd())).value).toEqual(['a']);
    expect(document.value).toEqual(['a']);
  });

  it('refuses a value it could not read back, and stays usable', async () => {
    const fs = memoryFs();
    const document = await openOn(fs);
    await document.save(['a']);
    const before = fs.text(file);
    await expect(document.save([1 as unknown as string])).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      message: expect.stringContaining('value[0]: a text was expected') as string,
    });
    expect(fs.text(file)).toBe(before);
    await document.save(['b']);
    expect(document.value).toEqual(['b']);
  });

  it('writes the newest of concurrent values once, and resolves a save when it is durable', async () => {
    const fs = memoryFs();
    const document = await openOn(fs);
    const onDisk: string[] = [];
    const note = () => onDisk.push(fs.afterPowerLoss(0).text(file) ?? 'none');
    await Promise.all(Array.from({ length: 50 }, (_, n) => document.save([`${n}`]).then(note)));
    const values = onDisk.map((text) => (JSON.parse(text) as { value: string[] }).value[0]);
    expect(values).toEqual(['0', ...Array.from({ length: 49 }, () => '49')]);
    expect(document.value).toEqual(['49']);
  });
});

describe('opening a file that is not whole', () => {
  const bad: Record<string, string | Uint8Array> = {
    'no bytes': '',
    'zeros, as some file systems leave them': new Uint8Array(64),
    'half a file': written(['a']).slice(0, 20),
    'no UTF-8': new Uint8Array([0x22, 0xff, 0x22]),
    'another document': written(['a']).replace('things', 'others'),
    'no version': '{"document":"things","value":[]}',
    'a version that is no number': written(['a']).replace('1', '"1"'),
    'a value of the wrong shape': written(['a', 1]),
    'a list': '[]',
    null: 'null',
  };
  it.each(Object.entries(bad))('%s: uses the backup, keeps the bad file, and says so', async (_, content) => {
    const fs = memoryFs();
    fs.put(file, content);
    fs.put(backup, written(['old']));
    const document = await openOn(fs);
    const kept = '/data/things.json.bad-2026-11-22T12-30-00Z';
    expect(document.value).toEqual(['old']);
    expect(document.problem).toMatchObject({ used: 'backup', keptAs: kept });
    expect(document.problem?.message).toContain(`${file} is damaged`);
    expect(document.problem?.message).toContain(kept);
    expect(await fs.read(kept)).toEqual(
      typeof content === 'string' ? new TextEncoder().encode(content) : content,
    );
    const again = await openOn(fs.afterProcessEnd());
    expect(again.value).toEqual(['old']);
    expect(again.problem).toBeUndefined();
  });

  it('names the path to the field that is wrong', async () => {
    const fs = memoryFs();
    fs.put(file, written(['a', 1]));
    expect((await openOn(fs)).problem?.message).toContain('value[1]: a text was expected');
  });

  it('starts empty when the backup is damaged too, and keeps both', async () => {
    const fs = memoryFs();
    fs.put(file, 'x');
    fs.put(backup, 'y');
    const document = await openOn(fs);
    expect(document.value).toEqual([]);
    expect(document.problem?.used).toBe('empty');
    expect(fs.paths()).toEqual([
      '/data/things.json.bad-2026-11-22T12-30-00Z',
      '/data/things.json.bak.bad-2026-11-22T12-30-00Z',
    ]);
  });

  it('uses the backup of a missing file', async () => {
    const fs = memoryFs();
    fs.put(backup, written(['old']));
    const document = await openOn(fs);
    expect(document.value).toEqual(['old']);
    expect(document.problem?.message).toContain('is missing');
  });

  it('reads the backup of a file with a bad sector', async () => {
    const fs = memoryFs();
    fs.put(file, written(['new']));
    fs.put(backup, written(['old']));
    fs.fault = (_, operation, path) => (operation === 'read' && path === file ? 'EIO' : undefined);
    const document = await openOn(fs);
    expect(document.value).toEqual(['old']);
    expect(document.problem?.message).toContain('EIO');
  });

  it('leaves a file alone that it may not read', async () => {
    const fs = memoryFs();
    fs.put(file, written(['new']));
    fs.put(backup, written(['old']));
    fs.fault = (_, operation, path) => (operation === 'read' && path === file ? 'EACCES' : undefined);
    await expect(openOn(fs)).rejects.toMatchObject({ code: 'EACCES', path: file });
    expect(fs.text(file)).toBe(written(['new']));
  });

  it('does not overwrite a bad file that could not be set aside', async () => {
    const fs = memoryFs();
    fs.put(file, 'x');
    fs.put(backup, written(['old']));
    fs.fault = (_, operation, path) => (operation === 'rename' && path === file ? 'EROFS' : undefined);
    const document = await openOn(fs);
    expect(document.value).toEqual(['old']);
    expect(document.problem?.message).toContain('EROFS');
    await expect(document.save(['new'])).rejects.toMatchObject({ code: 'EROFS' });
    expect(fs.text(file)).toBe('x');
    fs.fault = () => undefined;
    await document.save(['new']);
    expect(fs.text('/data/things.json.bad-2026-11-22T12-30-00Z')).toBe('x');
    expect((await openOn(fs.afterProcessEnd())).value).toEqual(['new']);
  });

  it('keeps several bad files of one second apart', async () => {
    const fs = memoryFs();
    for (const content of ['x', 'y', 'z']) {
      fs.put(file, content);
      await openOn(fs);
    }
    expect(fs.paths().map((path) => fs.text(path))).toEqual(['x', 'y', 'z']);
  });
});

describe('versions', () => {
  it('refuses a newer version, says to update the app, and touches nothing', async () => {
    for (const name of [file, backup]) {
      const fs = memoryFs();
      fs.put(name, written(['new'], 2));
      await expect(openOn(fs)).rejects.toThrow(/newer Reveille.*Update the app/);
      await expect(openOn(fs)).rejects.toMatchObject({ code: 'NEWER_VERSION' });
      expect(fs.paths()).toEqual([name]);
      expect(fs.text(name)).toBe(written(['new'], 2));
    }
  });

  it('migrates an older version', async () => {
    const fs = memoryFs();
    fs.put(file, written('a b', 1));
    const options = { dir: '/data', name: 'things', version: 3, parse, empty: [], fs, clock };
    const seen: number[] = [];
    const migrate = (value: unknown, from: number) => {
      seen.push(from);
      return String(value).split(' ');
    };
    const document = await openDocument<string[]>({ ...options, migrate });
    expect(document.value).toEqual(['a', 'b']);
    expect(document.problem).toBeUndefined();
    expect(seen).toEqual([1]);
    await document.save(['c']);
    expect(JSON.parse(fs.text(file) ?? '')).toMatchObject({ version: 3 });
    expect(JSON.parse(fs.text(backup) ?? '')).toMatchObject({ version: 1 });
  });

  it('reports an older version that nobody migrates', async () => {
    const fs = memoryFs();
    fs.put(file, written(['a'], 1));
    expect((await openOn(fs, 2)).problem?.message).toContain('1 is too old');
  });
});

describe('errors of the disk', () => {
  const faults: [Fault, string, RegExp][] = [
    ['ENOSPC', 'ENOSPC', /Free some space/],
    ['EDQUOT', 'ENOSPC', /Free some space/],
    ['EROFS', 'EROFS', /read-only/],
    ['EACCES', 'EACCES', /Permission was denied/],
    ['EPERM', 'EACCES', /Permission was denied/],
    ['EIO', 'EIO', /Check the disk/],
    ['EBUSY', 'OTHER', /EBUSY.*Try again/],
  ];
  it.each(faults)(
    '%s at any step of a save: %s, the old value stays whole, the next save works',
    async (fault, code, advice) => {
      for (let at = 1; ; at += 1) {
        const fs = memoryFs();
        const document = await openOn(fs);
        await document.save(['older']);
        await document.save(['old']);
        const start = fs.steps;
        let failed = 0;
        fs.fault = (step) => (step === start + at ? ((failed = step), fault) : undefined);
        const error: unknown = await document.save(['new']).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (failed === 0) {
          expect(at).toBeGreaterThan(12);
          return;
        }
        expect(error).toBeInstanceOf(StorageError);
        expect(error).toMatchObject({ code, path: file });
        expect((error as StorageError).message).toMatch(advice);
        expect(document.value).toEqual(['old']);
        expect(fs.paths()).toEqual([file, backup]);
        const reopened = await openOn(fs.afterProcessEnd());
        expect(reopened.value).toEqual(['old']);
        expect(reopened.problem).toBeUndefined();
        await document.save(['newer']);
        expect((await openOn(fs.afterPowerLoss(0))).value).toEqual(['newer']);
        expect(fs.paths()).toEqual([file, backup]);
      }
    },
  );

  it('a disk that stays full keeps failing and keeps the old value', async () => {
    const fs = memoryFs();
    const document = await openOn(fs);
    await document.save(['old']);
    fs.fault = (_, operation) => (operation === 'write' ? 'ENOSPC' : undefined);
    const results = await Promise.allSettled([
      document.save(['a']),
      document.save(['b']),
      document.save(['c']),
    ]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect((await openOn(fs.afterProcessEnd())).value).toEqual(['old']);
    fs.fault = () => undefined;
    await document.save(['d']);
    expect(document.value).toEqual(['d']);
  });

  it('a save whose first try fails does not fail a newer one that works', async () => {
    const fs = memoryFs();
    const document = await openOn(fs);
    let failures = 1;
    fs.fault = (_, operation) => (operation === 'sync' && failures-- > 0 ? 'EIO' : undefined);
    const [first, second] = await Promise.allSettled([document.save(['a']), document.save(['b'])]);
    expect(first.status).toBe('rejected');
    expect(second.status).toBe('fulfilled');
    expect(document.value).toEqual(['b']);
  });
});

describe('a crash at every step', () => {
  /** Every way the disk may look after the crash. */
  function* wreckage(fs: MemoryFs): Generator<MemoryFs> {
    yield fs.afterProcessEnd();
    for (let kept = 0; kept <= fs.unsyncedChanges; kept += 1) yield fs.afterPowerLoss(kept);
  }
  const saveOrCrash = (fs: MemoryFs, document: Document<string[]>, value: string[]) =>
    Promise.race([document.save(value).then(() => 'saved'), fs.crashed.then(() => 'crashed')]);

  it.each([0, 1, 2])(
    'of a save after %i others leaves the old or the new value, never neither',
    async (others) => {
      const old = others === 0 ? [] : [`old ${others}`];
      for (let at = 1; ; at += 1) {
        const fs = memoryFs();
        const document = await openOn(fs);
        for (let n = 1; n <= others; n += 1) await document.save([`old ${n}`]);
        const start = fs.steps;
        fs.fault = (step) => (step === start + at ? 'crash' : undefined);
        const outcome = await saveOrCrash(fs, document, ['new']);
        for (const disk of wreckage(fs)) {
          const reopened = await openOn(disk);
          if (outcome === 'saved') expect(reopened.value).toEqual(['new']);
          else expect([old, ['new']]).toContainEqual(reopened.value);
          expect(reopened.problem).toBeUndefined();
          await reopened.save(['next']);
          expect((await openOn(disk.afterPowerLoss(0))).value).toEqual(['next']);
        }
        if (outcome === 'saved') {
          expect(at).toBeGreaterThan(others === 0 ? 6 : 12);
          return;
        }
      }
    },
  );

  it('of the repair of a damaged file still finds the backup', async () => {
    for (let at = 1; ; at += 1) {
      const fs = memoryFs();
      fs.put(file, 'x');
      fs.put(backup, written(['old']));
      fs.fault = (step) => (step === at ? 'crash' : undefined);
      const outcome = await Promise.race([openOn(fs).then(() => 'opened'), fs.crashed.then(() => 'crashed')]);
      for (const disk of wreckage(fs)) {
        expect((await openOn(disk)).value).toEqual(['old']);
        expect(disk.paths().map((path) => disk.text(path))).toContain('x');
      }
      if (outcome === 'opened') {
        expect(at).toBeGreaterThan(8);
        return;
      }
    }
  });
});
