import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  appendKnownHost,
  KnownHostsError,
  nodeKnownHostsFs,
} from '../../../../main/protocols/ssh/known-hosts-file';
import type { KnownHostsFs } from '../../../../main/protocols/ssh/known-hosts-file';

let home: string;
let file: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'reveille-append-'));
  file = join(home, '.ssh', 'known_hosts');
});
afterEach(() => rm(home, { recursive: true, force: true }));

const fs = nodeKnownHostsFs;
const add = (line: string, using: KnownHostsFs = fs) => appendKnownHost([file, '/never'], using, line);
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
async function existing(content: string | Buffer, mode = 0o600) {
  await mkdir(join(home, '.ssh'), { recursive: true });
  await writeFile(file, content);
  await chmod(file, mode);
}

const OPERATIONS = [
  'status',
  'readLink',
  'read',
  'makeDirectory',
  'writeNew',
  'setMode',
  'setOwner',
  'rename',
  'remove',
] as const satisfies (keyof KnownHostsFs)[];

/** The real files, with `before` called ahead of each operation; what it throws is the operation's error. */
function watched(before: (operation: string, step: number) => unknown): KnownHostsFs {
  let step = 0;
  const wrapped: Record<string, unknown> = {};
  for (const operation of OPERATIONS) {
    wrapped[operation] = async (...args: unknown[]) => {
      step += 1;
      await before(operation, step);
      return (fs[operation] as (...all: unknown[]) => Promise<unknown>)(...args);
    };
  }
  return wrapped as unknown as KnownHostsFs;
}

const failure = (code: string) => Object.assign(new Error(`${code}: made up`), { code });

describe('appendKnownHost', () => {
  it('creates the folder and the file for this user only', async () => {
    await add('nas ssh-ed25519 AAAA');
    expect(await readFile(file, 'utf8')).toBe('nas ssh-ed25519 AAAA\n');
    expect(await modeOf(file)).toBe(0o600);
    expect(await modeOf(join(home, '.ssh'))).toBe(0o700);
  });

  it.each([0o600, 0o644, 0o664])('keeps the mode %o and every byte of the other lines', async (mode) => {
    const old = Buffer.concat([
      Buffer.from('# \r\n\n'),
      Buffer.from([0xff, 0xfe, 0x00]),
      Buffer.from(' no end'),
    ]);
    await existing(old, mode);
    await add('nas a b');
    await add('box a b');
    expect(await readFile(file)).toEqual(Buffer.concat([old, Buffer.from('\nnas a b\nbox a b\n')]));
    expect(await modeOf(file)).toBe(mode);
    expect(await readdir(join(home, '.ssh'))).toEqual(['known_hosts']);
  });

  it.skipIf(process.getuid?.() !== 0)('keeps the owner', async () => {
    await existing('');
    await fs.setOwner(file, 65_534, 65_533);
    await add('nas a b');
    expect(await stat(file)).toMatchObject({ uid: 65_534, gid: 65_533 });
  });

  it('adds no line twice, but one that another line only contains', async () => {
    await existing('x nas a b\nnas a bc\n');
    await add('nas a b');
    await add('nas a b');
    expect(await readFile(file, 'utf8')).toBe('x nas a b\nnas a bc\nnas a b\n');
  });

  it('loses none of many appends at once', async () => {
    const lines = Array.from({ length: 20 }, (_, index) => `host${index} a b`);
    await Promise.all(lines.map((line) => add(line)));
    expect(await readFile(file, 'utf8')).toBe(`${lines.join('\n')}\n`);
  });

  it('keeps links as links and writes what they point to, even when it is missing', async () => {
    await mkdir(join(home, '.ssh'));
    await mkdir(join(home, 'dotfiles'));
    await writeFile(join(home, 'dotfiles', 'real'), 'old a b\n');
    await symlink('../dotfiles/link', file);
    await symlink('real', join(home, 'dotfiles', 'link'));
    await add('nas a b');
    expect(await readlink(file)).toBe('../dotfiles/link');
    expect((await lstat(join(home, 'dotfiles', 'link'))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(home, 'dotfiles', 'real'), 'utf8')).toBe('old a b\nnas a b\n');
    await rm(join(home, 'dotfiles', 'real'));
    await add('nas a b');
    expect(await readFile(join(home, 'dotfiles', 'real'), 'utf8')).toBe('nas a b\n');
  });

  it('does not follow links in circles, and writes into nothing but a file', async () => {
    await mkdir(join(home, '.ssh'));
    await symlink('known_hosts', file);
    await expect(add('nas a b')).rejects.toThrow('leads back to itself');
    await rm(file);
    await mkdir(file);
    await expect(add('nas a b')).rejects.toThrow('it is not a file');
    await expect(appendKnownHost([], fs, 'nas a b')).rejects.toThrow('switched off');
  });

  it.each(['a\nb', 'a\r', '', 'a\0'])('refuses %j', async (line) => {
    await expect(add(line)).rejects.toThrow(RangeError);
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  it('leaves the old file and no other behind, whatever fails', async () => {
    await existing('old a b\n', 0o640);
    const seen: string[] = [];
    await add(
      'probe a b',
      watched((operation) => seen.push(operation)),
    );
    expect(seen).toContain('rename');
    expect(seen).toContain('setMode');
    for (const [index, failing] of seen.entries()) {
      for (const code of ['ENOSPC', 'EACCES', 'EIO']) {
        await existing('old a b\n', 0o640);
        const broken = watched((_, step) => {
          if (step === index + 1) throw failure(code);
        });
        const error: unknown = await add('nas a b', broken).then(
          () => null,
          (reason: unknown) => reason,
        );
        expect(error, `${failing} ${code}`).toBeInstanceOf(KnownHostsError);
        expect((error as KnownHostsError).message).toContain(file);
        expect(await readFile(file, 'utf8')).toBe('old a b\n');
        expect(await readdir(join(home, '.ssh'))).toEqual(['known_hosts']);
        // A failure does not stop what comes after it.
        await add('nas a b', broken);
        expect(await readFile(file, 'utf8')).toBe('old a b\nnas a b\n');
      }
    }
  });

  it('removes a half-written copy', async () => {
    await existing('old a b\n');
    const full: KnownHostsFs = {
      ...fs,
      async writeNew(path, bytes) {
        await fs.writeNew(path, bytes.subarray(0, 4));
        throw failure('ENOSPC');
      },
    };
    await expect(add('nas a b', full)).rejects.toThrow('the disk is full');
    expect(await readdir(join(home, '.ssh'))).toEqual(['known_hosts']);
    expect(await readFile(file, 'utf8')).toBe('old a b\n');
  });

  it('begins anew when another program wrote meanwhile, and gives up when it does not stop', async () => {
    await existing('old a b\n');
    let times = 1;
    const busy: KnownHostsFs = {
      ...fs,
      async writeNew(path, bytes) {
        await fs.writeNew(path, bytes);
        if (times > 0) await writeFile(file, `other${times} a b\n`, { flag: 'a' });
        times -= 1;
      },
    };
    await add('nas a b', busy);
    expect(await readFile(file, 'utf8')).toBe('old a b\nother1 a b\nnas a b\n');
    times = Infinity;
    await expect(add('box a b', busy)).rejects.toThrow('another program keeps changing it');
    expect(await readdir(join(home, '.ssh'))).toEqual(['known_hosts']);
  });
});
