export type StorageErrorCode =
  | 'ENOSPC'
  | 'EROFS'
  | 'EACCES'
  | 'EIO'
  /** The file was written by a newer version of the app. */
  | 'NEWER_VERSION'
  /** The value could not be read back after a save; nothing was written. */
  | 'INVALID_VALUE'
  | 'OTHER';

/** A file could not be read or kept. The message says what happened and what the user can do. */
export class StorageError extends Error {
  constructor(
    readonly code: StorageErrorCode,
    readonly path: string,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'StorageError';
  }
}

/** What the user can do. */
export type Advice = Readonly<Record<'ENOSPC' | 'EROFS' | 'EACCES' | 'EIO' | 'OTHER', string>>;

const profileAdvice: Advice = {
  ENOSPC: 'The disk is full. Free some space and try again.',
  EROFS: 'The disk is read-only. Make it writable, or start Reveille with --user-data-dir on another one.',
  EACCES:
    'Permission was denied. Make the file and its folder readable and writable for your user, and try again.',
  EIO: 'The disk reported an error. Check the disk, and try again.',
  OTHER: 'Try again; if it happens again, check the folder and its disk.',
};

/** errno names that ask the user for the same thing. */
const codeOf: Readonly<Record<string, keyof Advice>> = {
  ENOSPC: 'ENOSPC',
  EDQUOT: 'ENOSPC',
  EFBIG: 'ENOSPC',
  EROFS: 'EROFS',
  EACCES: 'EACCES',
  EPERM: 'EACCES',
  EIO: 'EIO',
};

/** The errno name of a failed system call, such as ENOENT. */
export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Wraps the failure of a system call on `path` for the user. */
export function storageError(
  doing: 'read' | 'saved',
  path: string,
  cause: unknown,
  advice: Advice = profileAdvice,
): StorageError {
  if (cause instanceof StorageError) return cause;
  const errno = errnoOf(cause);
  const code = (errno === undefined ? undefined : codeOf[errno]) ?? 'OTHER';
  const detail = code === 'OTHER' ? ` (${cause instanceof Error ? cause.message : String(cause)})` : '';
  return new StorageError(code, path, `${path} could not be ${doing}${detail}. ${advice[code]}`, { cause });
}
