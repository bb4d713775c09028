import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { answer } from '../../../../main/demo/commands';
import { qmpRefuses, type Fault } from '../../../fakes/faulty-qemu';
import { createBench, createReadyBench, type BenchOptions } from './bench';

vi.mock('../../../../main/demo/one-client-server', () => import('../../../fakes/memory-sockets'));

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1);

/** A host that has what is written, without a disk. */
const writing = (bytes: Uint8Array) => ({
  collectFile: async (write: (path: string) => Promise<void>) => {
    await write('/picture');
    return bytes;
  },
});

/** What was asked of screendump; it answers success. */
function dumps() {
  const asked: unknown[] = [];
  const fault: Fault = (before) => ({
    ...before,
    qmp: {
      ...before.qmp,
      screendump: {
        parameters: [
          { name: 'filename', type: 'string' },
          { name: 'format', type: 'string', optional: true },
        ],
        run: (_, args) => {
          asked.push(args);
          return answer();
        },
      },
    },
  });
  return { asked, fault };
}

/** QOM lists a backend, and no console in it. */
const noConsole: Fault = (before) => ({
  ...before,
  qmp: {
    ...before.qmp,
    'qom-list': { parameters: [{ name: 'path', type: 'string' }], run: () => answer([{ name: 'type', type: 'string' }]) },
  },
});

async function shot(options: BenchOptions) {
  const bench = await createReadyBench(options);
  return bench.done(bench.machine.screenshot());
}

const version = (major: number, minor: number) => ({ settings: { qemuVersion: { major, minor, micro: 0, package: '' } } });

describe('a screenshot', () => {
  it('is a PNG since QEMU 7.1', async () => {
    const { asked, fault } = dumps();
    const picture = await shot({ ...version(7, 1), faults: [fault], access: writing(PNG) });
    expect(picture).toEqual({ mime: 'image/png', bytes: PNG });
    expect(asked).toEqual([{ filename: '/picture', format: 'png' }]);
  });

  it('is a PPM before', async () => {
    const { asked, fault } = dumps();
    const bytes = Buffer.from('P6\n1 1\n255\nabc');
    const picture = await shot({ ...version(7, 0), faults: [fault], access: writing(bytes) });
    expect(picture).toEqual({ mime: 'image/x-portable-pixmap', bytes });
    expect(asked).toEqual([{ filename: '/picture' }]);
  });

  it('is a PPM of a QEMU that was built without PNG', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'screenshot-'));
    try {
      const file = path.join(folder, 'file');
      const collectFile = async (write: (path: string) => Promise<void>) => {
        await write(file);
        return readFileSync(file);
      };
      const picture = await shot({ access: { collectFile } });
      expect(picture.mime).toBe('image/x-portable-pixmap');
      expect(Buffer.from(picture.bytes).toString('latin1', 0, 15)).toBe('P6\n320 200\n255\n');
      expect(picture.bytes).toHaveLength(15 + 320 * 200 * 3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const refusals: readonly [string, BenchOptions, string | RegExp][] = [
    ['no way to fetch files', {}, 'Pictures of screens cannot be had from its host.'],
    ['nothing written', { faults: [dumps().fault], access: writing(new Uint8Array()) }, /^QEMU wrote its picture to another place/],
    ['another file', { faults: [dumps().fault], access: writing(Buffer.from('GIF89a')) }, 'What QEMU wrote is no picture.'],
    [
      'no screen',
      {
        faults: [qmpRefuses('screendump', 'There is no console to take a screendump from'), qmpRefuses('qom-list', 'x', 'DeviceNotFound')],
        access: writing(PNG),
      },
      'It has no screen.',
    ],
    [
      'no console among what its backend has',
      { faults: [qmpRefuses('screendump', 'x'), noConsole], access: writing(PNG) },
      'It has no screen.',
    ],
    [
      'no right to write',
      { faults: [qmpRefuses('screendump', 'failed to open file: Permission denied')], access: writing(PNG) },
      /^QEMU could not write the picture for you: .*Permission denied/,
    ],
    [
      'no such command',
      { faults: [qmpRefuses('screendump', 'not found', 'CommandNotFound')], access: writing(PNG) },
      'This QEMU gives no pictures of its screen.',
    ],
    ['a path that is not there', { access: { collectFile: (write) => write('/no/such/folder/file').then(() => PNG) } }, /could not write/],
    ['the host away', { access: { collectFile: () => Promise.reject(new Error('The host is away.')) } }, 'The host is away.'],
  ];
  it.each(refusals)('with %s says so', async (_, options, words) => {
    await expect(shot(options)).rejects.toThrow(words);
  });

  it('needs a monitor', async () => {
    const bench = await createBench({ dial: () => new Promise(() => undefined), access: writing(PNG) });
    await expect(bench.done(bench.machine.screenshot())).rejects.toThrow('Its monitor is not connected.');
  });
});
