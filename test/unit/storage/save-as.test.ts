import { describe, expect, it } from 'vitest';
import { saveAs } from '../../../main/storage/save-as';
import { memoryFs } from '../../fakes/memory-fs';

const bytes = new TextEncoder().encode('the new one');

describe('a file that the user asked for', () => {
  it('replaces the one that is there, and touches nothing beside it', async () => {
    const fs = memoryFs();
    fs.put('/home/me/history.csv', 'the old one');
    fs.put('/home/me/history.csv.tmp', 'mine');
    await saveAs('/home/me/history.csv', bytes, fs);
    expect(fs.text('/home/me/history.csv')).toBe('the new one');
    expect(fs.paths()).toEqual(['/home/me/history.csv', '/home/me/history.csv.tmp']);
  });

  it.each([
    ['ENOSPC', 'write', 'The disk is full. Free some space, or choose another place.'],
    ['EDQUOT', 'write', 'The disk is full. Free some space, or choose another place.'],
    ['EROFS', 'create', 'The disk is read-only. Choose another place.'],
    ['EACCES', 'create', 'Permission was denied. Choose a folder that you may write to.'],
    ['EIO', 'sync', 'The disk reported an error.'],
    ['EBUSY', 'rename', 'EBUSY'],
  ] as const)('(%s at %s) is not there in part, and why is said', async (code, operation, words) => {
    const fs = memoryFs();
    fs.put('/home/me/history.csv', 'the old one');
    fs.fault = (_, one) => (one === operation ? code : undefined);
    await expect(saveAs('/home/me/history.csv', bytes, fs)).rejects.toMatchObject({
      name: 'StorageError',
      message: expect.stringContaining(`/home/me/history.csv could not be saved`),
    });
    await expect(saveAs('/home/me/history.csv', bytes, fs)).rejects.toThrow(words);
    expect(fs.paths()).toEqual(['/home/me/history.csv']);
    expect(fs.text('/home/me/history.csv')).toBe('the old one');
  });

  it('says what is left where it cannot be taken away', async () => {
    const fs = memoryFs();
    fs.fault = (_, operation) => (operation === 'write' || operation === 'remove' ? 'EIO' : undefined);
    await expect(saveAs('/home/me/history.csv', bytes, fs)).rejects.toThrow(/A part of it is left as \/home\/me\/\..*\.part/);
  });
});
