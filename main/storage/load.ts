import type { Clock } from '../clock';
import { StorageError, storageError } from './errors';
import type { FileSystem } from './file-system';
import { decode, messageOf, type Format } from './format';
import { readWhole, replaceFile, setAside } from './whole-file';

/** What was wrong with the file when it was opened, and what was done about it. */
export interface DocumentProblem {
  /** For the user: what was wrong, what was done, and where the bad file is. */
  readonly message: string;
  /** What the document goes on with. */
  readonly used: 'backup' | 'empty';
  /** Where the bad file was kept. */
  readonly keptAs?: string;
}

interface Source<T> {
  readonly fs: FileSystem;
  readonly clock: Pick<Clock, 'now'>;
  readonly format: Format<T>;
  readonly dir: string;
  readonly path: string;
  readonly empty: T;
}

interface Loaded<T> {
  readonly value: T;
  /** The whole file that `value` came from. */
  readonly bytes: Uint8Array | undefined;
  /** The version that it is of. */
  readonly version?: number;
  readonly problem?: DocumentProblem;
  /** Bad files that could not be set aside, and must not be overwritten. */
  readonly stillBad: readonly string[];
}

type Found<T> =
  | { readonly kind: 'missing' }
  | { readonly kind: 'good'; readonly value: T; readonly version: number; readonly bytes: Uint8Array }
  | { readonly kind: 'bad'; readonly reason: string };

/** Reads the file, else its backup, else starts empty. @throws StorageError */
export async function load<T>(source: Source<T>): Promise<Loaded<T>> {
  const { fs, path, dir, empty } = source;
  try {
    await fs.makeDirectory(dir);
  } catch (error) {
    throw storageError('read', path, error);
  }
  const main = await look(source, path);
  if (main.kind === 'good') return { value: main.value, bytes: main.bytes, version: main.version, stillBad: [] };
  const backup = await look(source, `${path}.bak`);
  if (main.kind === 'missing' && backup.kind === 'missing')
    return { value: empty, bytes: undefined, stillBad: [] };

  const bad = [...(main.kind === 'bad' ? [path] : []), ...(backup.kind === 'bad' ? [`${path}.bak`] : [])];
  const aside = await setAllAside(source, bad);
  const notes = [
    main.kind === 'bad' ? `${path} is damaged (${main.reason}).` : `${path} is missing.`,
    backup.kind === 'bad' ? `Its backup is damaged too (${backup.reason}).` : '',
    backup.kind === 'missing' ? 'There is no backup.' : '',
    backup.kind === 'good' ? 'The backup is used; the last change may be missing.' : 'It starts empty.',
    aside.kept.length > 0 ? `What was damaged is kept as ${aside.kept.join(' and ')}.` : '',
    aside.failure === undefined
      ? ''
      : `What was damaged could not be set aside (${aside.failure}), so nothing is saved until it can be.`,
  ];
  if (backup.kind === 'good' && aside.failure === undefined) notes.push(await restore(source, backup.bytes));
  return {
    ...(backup.kind === 'good'
      ? { value: backup.value, bytes: backup.bytes, version: backup.version }
      : { value: empty, bytes: undefined }),
    problem: {
      message: notes.filter((note) => note !== '').join(' '),
      used: backup.kind === 'good' ? 'backup' : 'empty',
      ...(aside.kept[0] === undefined ? {} : { keptAs: aside.kept[0] }),
    },
    stillBad: aside.left,
  };
}

async function look<T>({ fs, format }: Source<T>, path: string): Promise<Found<T>> {
  const bytes = await readWhole(fs, path);
  if (bytes === undefined) return { kind: 'missing' };
  if (bytes instanceof Error) return { kind: 'bad', reason: bytes.message };
  const decoded = decode(format, bytes);
  switch (decoded.kind) {
    case 'good':
      return { ...decoded, bytes };
    case 'bad':
      return decoded;
    case 'newer':
      throw new StorageError(
        'NEWER_VERSION',
        path,
        `${path} was written by a newer Reveille (format ${decoded.version}, this one reads up to ` +
          `${format.version}). Update the app; the file was left as it is.`,
      );
  }
}

async function setAllAside<T>({ fs, clock }: Source<T>, paths: readonly string[]) {
  const kept: string[] = [];
  for (const [index, path] of paths.entries()) {
    try {
      kept.push(await setAside(fs, path, clock.now()));
    } catch (error) {
      return { kept, left: paths.slice(index), failure: messageOf(error) };
    }
  }
  return { kept, left: [], failure: undefined };
}

/**
 * Puts the backup in the file's place, so that the next start finds it whole. @returns what to say about it
 */
async function restore<T>({ fs, path, dir }: Source<T>, bytes: Uint8Array): Promise<string> {
  try {
    await replaceFile(fs, path, bytes);
    await fs.syncDirectory(dir);
    return '';
  } catch (error) {
    return `The backup could not be copied back (${messageOf(error)}); the next change replaces the file.`;
  }
}
