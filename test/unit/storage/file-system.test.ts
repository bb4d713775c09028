import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openDocument } from '../../../main/storage/document';
import { openLog } from '../../../main/storage/open-log';
import { nodeFileSystem } from '../../../main/storage/file-system';

const parse = (value: unknown): string[] => {
  if (!Array.isArray(value)) throw new Error('value: a list was expected');
  return value.map(String);
};

describe('a document on real files', () => {
  const folders: string[] = [];
  const folder = async () => {
    const path = await mkdtemp(join(tmpdir(), 'reveille-storage-'));
    folders.push(path);
    return path;
  };
  afterEach(async () => {
    for (const path of folders.splice(0)) await rm(path, { recursive: true });
  });
  const openIn = (dir: string) =>
    openDocument({ dir, name: 'things', version: 1, parse, empty: [] as string[] });

  it('saves, reopens and keeps the backup, for this user only', async () => {
    const dir = join(await folder(), 'new', 'folder');
    const document = await openIn(dir);
    await document.save(['ä']);
    await document.save(['ö']);
    expect((await openIn(dir)).value).toEqual(['ö']);
    expect((await readdir(dir)).sort()).toEqual(['things.json', 'things.json.bak']);
    for (const name of ['things.json', 'things.json.bak']) {
      expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
  });

  it('and a log: what was flushed is there, in files for this user only, small ones joined', async () => {
    const dir = join(await folder(), 'log');
    const openIn = () => openLog<string>({ dir, name: 'things', version: 1, parse: String, limits: { segment: 100, total: 1000, segments: 3 } });
    for (let run = 0; run < 6; run += 1) {
      const log = await openIn();
      for (const part of ['a', 'b']) {
        log.add(`${run}${part}`);
        await log.flush();
      }
      await log.close();
    }
    const files = await readdir(dir);
    expect(files.length).toBeLessThanOrEqual(4);
    for (const name of files) expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600);
    expect((await openIn()).loaded.map(({ value }) => value)).toEqual([0, 1, 2, 3, 4, 5].flatMap((run) => [`${run}a`, `${run}b`]));
  });

  it('replaces a temporary file that a crash left, whatever its mode', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'things.json.tmp'), 'a very long text that was there before', { mode: 0o644 });
    await (await openIn(dir)).save(['a']);
    expect((await stat(join(dir, 'things.json'))).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(join(dir, 'things.json'), 'utf8'))).toEqual({
      document: 'things',
      version: 1,
      value: ['a'],
    });
  });

  it('sets a damaged file aside', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'things.json'), '{');
    const document = await openIn(dir);
    expect(document.problem?.used).toBe('empty');
    expect(await readFile(document.problem?.keptAs ?? '', 'utf8')).toBe('{');
  });

  it('says what stands where the file should be', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'file'), '');
    await expect(openIn(join(dir, 'file'))).rejects.toMatchObject({ code: 'OTHER', name: 'StorageError' });
  });

  it('works as Windows does, where folders cannot be synced', async () => {
    const dir = await folder();
    const fs = nodeFileSystem('win32');
    const document = await openDocument({
      dir,
      name: 'things',
      version: 1,
      parse,
      empty: [] as string[],
      fs,
    });
    await document.save(['a']);
    expect((await openIn(dir)).value).toEqual(['a']);
    await expect(fs.rename(join(dir, 'none'), join(dir, 'some'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
