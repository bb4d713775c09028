import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from './clock';
import { openDocument } from './storage/document';
import { StorageError } from './storage/errors';
import type { FileSystem } from './storage/file-system';

const Installation = z.object({ id: z.string().regex(/^[0-9a-f]{8}$/) });

/**
 * What this profile calls itself on hosts, so that two computers do not clear up each other's jobs: 8 hexadecimal
 * digits, the same in every run. One that cannot be kept is for this run only: no alarm can be kept then, either.
 * @throws StorageError when the profile cannot be read
 */
export async function openInstallation(options: {
  readonly dir: string;
  readonly clock: Clock;
  readonly fs?: FileSystem;
}): Promise<string> {
  const document = await openDocument({
    ...options,
    name: 'installation',
    version: 1,
    parse: (value) => Installation.nullable().parse(value),
    empty: null,
  });
  if (document.value) return document.value.id;
  const id = randomBytes(4).toString('hex');
  try {
    await document.save({ id });
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
  }
  return id;
}

/** What the names of an installation's jobs begin with. */
export const jobPrefixOf = (installation: string): string => `reveille-${installation}-`;
