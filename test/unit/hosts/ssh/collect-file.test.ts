import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectRemoteFile } from '../../../../main/hosts/ssh/collect-file';
import { localRemote, SHELLS } from './local-remote';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "it's a "));
});
afterEach(() => rmSync(folder, { recursive: true }));

const everyByte = Buffer.from(Array.from({ length: 1024 }, (_, at) => at % 256));

describe.each(SHELLS)('a file of a host whose sh is %s', (shell) => {
  const remote = () => localRemote({ shell, env: { TMPDIR: folder } });

  it('comes as it is, and nothing stays there', async () => {
    const endings = Buffer.from('\n\n\r\n');
    const bytes = Buffer.concat([everyByte, endings]);
    const read = await collectRemoteFile(
      remote(),
      (file) => {
        expect(path.dirname(path.dirname(file))).toBe(folder);
        expect([statSync(path.dirname(file)).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600]);
        writeFileSync(file, bytes);
        return Promise.resolve();
      },
      bytes.length,
    );
    expect(Buffer.from(read)).toEqual(bytes);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('may be empty', async () => {
    expect(await collectRemoteFile(remote(), () => Promise.resolve(), 10)).toHaveLength(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not sent when it is too large, and nothing stays there', async () => {
    const write = (file: string) => Promise.resolve(writeFileSync(file, everyByte));
    await expect(collectRemoteFile(remote(), write, everyByte.length - 1)).rejects.toThrow('too large');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that was not written, or is gone, leaves nothing there', async () => {
    const refused = new Error('refused');
    await expect(collectRemoteFile(remote(), () => Promise.reject(refused), 10)).rejects.toBe(refused);
    const remove = (file: string) => Promise.resolve(rmSync(file));
    await expect(collectRemoteFile(remote(), remove, 10)).rejects.toThrow('cannot be read');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a host without room for it', () => {
  it('says so, and nothing is written', async () => {
    let wrote = false;
    const write = () => {
      wrote = true;
      return Promise.resolve();
    };
    for (const TMPDIR of [path.join(folder, 'missing'), 'relative']) {
      await expect(collectRemoteFile(localRemote({ env: { TMPDIR } }), write, 10)).rejects.toThrow('No file can be written');
    }
    expect(wrote).toBe(false);
  });

  it.skipIf(process.getuid?.() !== 0)('is one where the user may not write', async () => {
    const closed = path.join(folder, 'closed');
    mkdirSync(closed);
    chmodSync(folder, 0o755);
    const remote = localRemote({ uid: 54_321, env: { TMPDIR: closed } });
    await expect(collectRemoteFile(remote, () => Promise.resolve(), 10)).rejects.toThrow('No file can be written');
    expect(existsSync(closed) && readdirSync(closed)).toEqual([]);
  });
});
