import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globExpression, nodeConfigReader, usualPlaces } from '../../../../main/protocols/ssh/config-reader';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reveille-reader-'));
  for (const path of [
    'b.d/one.conf',
    'b.d/two.conf',
    'b.d/.hidden.conf',
    'a.d/one.conf',
    'a.d/other',
    'plain',
  ])
    await mkdir(join(folder, path, '..'), { recursive: true }).then(() =>
      writeFile(join(folder, path), path),
    );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('nodeConfigReader', () => {
  it('looks patterns up in order, without hidden files', async () => {
    const find = async (pattern: string) =>
      (await nodeConfigReader.glob(join(folder, pattern))).map((path) => path.slice(folder.length + 1));
    expect(await find('*.d/*.conf')).toEqual(['a.d/one.conf', 'b.d/one.conf', 'b.d/two.conf']);
    expect(await find('?.d/[!t]*')).toEqual(['a.d/one.conf', 'a.d/other', 'b.d/one.conf']);
    expect(await find('plain')).toEqual(['plain']);
    expect(await find('b.d/.h*')).toEqual(['b.d/.hidden.conf']);
    for (const nothing of ['missing', 'plain/*', 'missing/*', 'plain/x', '*.e/x'])
      expect(await find(nothing), nothing).toEqual([]);
  });

  it('reads files, and nothing that would not end', async () => {
    expect(await nodeConfigReader.readFile(join(folder, 'plain'))).toBe('plain');
    expect(await nodeConfigReader.readFile(join(folder, 'missing'))).toBeNull();
    await expect(nodeConfigReader.readFile(folder)).rejects.toThrow('not a file');
    await writeFile(join(folder, 'big'), Buffer.alloc((1 << 20) + 1));
    await expect(nodeConfigReader.readFile(join(folder, 'big'))).rejects.toThrow('1 MiB');
  });

  it.skipIf(process.platform === 'win32')('does not wait for a FIFO', async () => {
    const path = join(folder, 'fifo');
    await promisify(execFile)('mkfifo', [path]);
    await expect(nodeConfigReader.readFile(path)).rejects.toThrow('not a file');
  });
});

describe('globExpression', () => {
  it.each([
    ['a.b', 'a.b', true],
    ['a.b', 'axb', false],
    ['[a-c]x', 'bx', true],
    ['[]x]', ']', true],
    ['[^a]', 'a', false],
    ['[a', '[a', true],
    ['a(b)+$', 'a(b)+$', true],
    ['[\\]', '\\', true],
  ])('%s and %s: %s', (pattern, name, fits) => {
    expect(globExpression(pattern).test(name)).toBe(fits);
  });
});

describe('usualPlaces', () => {
  it('are where OpenSSH looks', () => {
    expect(usualPlaces('/home/me', 'linux', {})).toEqual({
      config: { user: '/home/me/.ssh/config', system: '/etc/ssh/ssh_config', home: '/home/me' },
      globalKnownHostsFiles: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
    });
    expect(usualPlaces('C:\\Users\\me', 'win32', { ProgramData: 'D:\\pd' })).toEqual({
      config: { user: 'C:\\Users\\me\\.ssh\\config', system: 'D:\\pd\\ssh\\ssh_config', home: 'C:\\Users\\me' },
      globalKnownHostsFiles: ['D:\\pd\\ssh\\ssh_known_hosts', 'D:\\pd\\ssh\\ssh_known_hosts2'],
    });
    expect(usualPlaces('C:\\Users\\me', 'win32', {}).config.system).toBe('C:\\ProgramData\\ssh\\ssh_config');
  });
});
