import { existsSync, readdirSync, statSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectLocalFile } from '../../../main/hosts/collect-file';

describe('a file that something on this computer writes', () => {
  it('is read, and gone afterwards; nobody else could reach it', async () => {
    let given = '';
    const bytes = Buffer.from([0, 255, 10, 13, 128]);
    const read = await collectLocalFile(async (file) => {
      given = file;
      expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
      expect([statSync(file).size, readdirSync(path.dirname(file))]).toEqual([0, [path.basename(file)]]);
      await writeFile(file, bytes);
    }, 5);
    expect(Buffer.from(read)).toEqual(bytes);
    expect(existsSync(path.dirname(given))).toBe(false);
  });

  it('is gone when it was too large, not written, or removed', async () => {
    const folders: string[] = [];
    const collect = (work: (file: string) => Promise<void>) =>
      collectLocalFile((file) => {
        folders.push(path.dirname(file));
        return work(file);
      }, 4);
    await expect(collect((file) => writeFile(file, '12345'))).rejects.toThrow('too large');
    await expect(collect(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    await expect(collect((file) => rm(file))).rejects.toThrow('ENOENT');
    expect(folders.map((folder) => existsSync(folder))).toEqual([false, false, false]);
  });
});
