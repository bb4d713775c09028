import { dirname } from 'node:path';
import type { FileSystem } from '../../main/storage/file-system';

interface Inode {
  bytes: Uint8Array;
  /** What survives a power loss for certain: the beginning of `bytes`; undefined when it was never synced. */
  synced: Uint8Array | undefined;
}

export type Operation =
  | 'makeDirectory'
  | 'read'
  | 'exists'
  | 'list'
  | 'create'
  | 'write'
  | 'sync'
  | 'close'
  | 'rename'
  | 'remove'
  | 'syncDirectory';
/**
 * `crash`: the process ends in the middle of the operation, which never settles; else an errno name to fail
 * with.
 */
export type Fault =
  'crash' | 'ENOSPC' | 'EDQUOT' | 'EROFS' | 'EACCES' | 'EPERM' | 'EIO' | 'EBUSY' | undefined;

/** Files in memory that can fail or end at any operation, and forget what was not synced. */
export interface MemoryFs extends FileSystem {
  /** Asked before each operation; a write that fails or crashes leaves half of its bytes. */
  fault: (step: number, operation: Operation, path: string) => Fault;
  /** How many operations were begun. */
  readonly steps: number;
  /** Resolves when a `crash` fault struck. */
  readonly crashed: Promise<void>;
  isCrashed(): boolean;
  /** How many changes of the folder a power loss may forget. */
  readonly unsyncedChanges: number;
  /** The same files, as a new process finds them after this one ended. */
  afterProcessEnd(): MemoryFs;
  /**
   * What is left when the power fails and the disk has done only the first `kept` unsynced changes of the
   * folders, or those for which `kept` is true.
   */
  afterPowerLoss(kept: number | ((index: number) => boolean)): MemoryFs;
  put(path: string, content: string | Uint8Array): void;
  text(path: string): string | undefined;
  paths(): string[];
}

const failure = (code: string, operation: string, path: string) =>
  Object.assign(new Error(`${code}: ${operation} '${path}'`), { code });

export function memoryFs(initial: ReadonlyMap<string, Uint8Array> = new Map()): MemoryFs {
  const whole = (bytes: Uint8Array): Inode => ({ bytes, synced: bytes });
  const live = new Map([...initial].map(([path, bytes]) => [path, whole(bytes)] as const));
  const durable = new Map(live);
  let unsynced: { readonly dir: string; readonly apply: (files: Map<string, Inode>) => void }[] = [];
  let steps = 0;
  let crashed = false;
  const isCrashed = () => crashed;
  let reportCrash = () => {};
  const crash = new Promise<void>((resolve) => (reportCrash = resolve));

  const change = (path: string, apply: (files: Map<string, Inode>) => void) => {
    apply(live);
    unsynced.push({ dir: dirname(path), apply });
  };
  const hang = () => new Promise<never>(() => {});

  async function step(operation: Operation, path: string, onFault = () => {}): Promise<void> {
    if (isCrashed()) return hang();
    steps += 1;
    const fault = fs.fault(steps, operation, path);
    await Promise.resolve();
    if (isCrashed()) return hang();
    if (fault === undefined) return;
    onFault();
    if (fault !== 'crash') throw failure(fault, operation, path);
    crashed = true;
    reportCrash();
    return hang();
  }

  const fs: MemoryFs = {
    fault: () => undefined,
    get steps() {
      return steps;
    },
    crashed: crash,
    isCrashed,
    get unsyncedChanges() {
      return unsynced.length;
    },
    makeDirectory: (path) => step('makeDirectory', path),
    async read(path) {
      await step('read', path);
      const inode = live.get(path);
      if (!inode) throw failure('ENOENT', 'read', path);
      return inode.bytes;
    },
    async exists(path) {
      await step('exists', path);
      return live.has(path);
    },
    async list(path) {
      await step('list', path);
      const inside = `${path}/`;
      return [...live.keys()].filter((one) => one.startsWith(inside)).map((one) => one.slice(inside.length));
    },
    async create(path) {
      await step('create', path);
      if (live.has(path)) throw failure('EEXIST', 'create', path);
      const inode: Inode = { bytes: new Uint8Array(), synced: undefined };
      change(path, (files) => files.set(path, inode));
      return {
        async write(bytes) {
          const add = (part: Uint8Array) => {
            inode.bytes = Buffer.concat([inode.bytes, part]);
          };
          await step('write', path, () => add(bytes.slice(0, bytes.length / 2)));
          add(bytes.slice());
        },
        async sync() {
          await step('sync', path);
          inode.synced = inode.bytes;
        },
        close: () => step('close', path),
      };
    },
    async rename(from, to) {
      await step('rename', from);
      const inode = live.get(from);
      if (!inode) throw failure('ENOENT', 'rename', from);
      change(to, (files) => {
        files.delete(from);
        files.set(to, inode);
      });
    },
    async remove(path) {
      await step('remove', path);
      if (live.has(path)) change(path, (files) => files.delete(path));
    },
    async syncDirectory(path) {
      await step('syncDirectory', path);
      for (const { dir, apply } of unsynced) if (dir === path) apply(durable);
      unsynced = unsynced.filter(({ dir }) => dir !== path);
    },
    afterProcessEnd: () => memoryFs(new Map([...live].map(([path, inode]) => [path, inode.bytes]))),
    afterPowerLoss(kept) {
      const files = new Map(durable);
      const isKept = typeof kept === 'number' ? (index: number) => index < kept : kept;
      for (const [index, { apply }] of unsynced.entries()) if (isKept(index)) apply(files);
      const left = ({ bytes, synced }: Inode) => {
        const safe = synced?.length ?? 0;
        return bytes.slice(0, safe + (bytes.length - safe) / 3);
      };
      return memoryFs(new Map([...files].map(([path, inode]) => [path, left(inode)])));
    },
    put(path, content) {
      const inode = whole(typeof content === 'string' ? new TextEncoder().encode(content) : content);
      live.set(path, inode);
      durable.set(path, inode);
    },
    text: (path) => {
      const inode = live.get(path);
      return inode && new TextDecoder().decode(inode.bytes);
    },
    paths: () => [...live.keys()].sort(),
  };
  return fs;
}
