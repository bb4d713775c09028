import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../clock';
import { createQueue } from '../guests/queue';
import { RefusedError } from '../power/actions';
import { openDocument, type Document } from '../storage/document';
import type { FileSystem } from '../storage/file-system';

const Member = z.object({
  guestId: z.string().min(1),
  /** Waited after this guest runs, before the next is woken. In seconds. */
  delaySeconds: z.int().min(0),
});
const Group = z.object({ id: z.string().min(1), name: z.string().min(1), members: z.array(Member) });
/** Guests that are acted on together, in the order in which they are woken. */
export type Group = z.infer<typeof Group>;
export type GroupDraft = Omit<Group, 'id'>;

export const GROUPS_VERSION = 1;
/** @throws z.ZodError with the path to the field */
export const parseGroups = (value: unknown): Group[] => z.array(Group).parse(value);

/** Opens `dir`/groups.json. @throws StorageError as openDocument does */
export const openGroups = (options: {
  readonly dir: string;
  readonly fs?: FileSystem;
  readonly clock?: Pick<Clock, 'now'>;
}): Promise<Document<Group[]>> =>
  openDocument({ ...options, name: 'groups', version: GROUPS_VERSION, parse: parseGroups, empty: [] });

/** The groups; what it shows is on disk. */
export interface GroupBook {
  all(): readonly Group[];
  group(id: string): Group | undefined;
  /** `id` null: a new one. @throws RefusedError, StorageError: then nothing has changed */
  save(id: string | null, draft: GroupDraft): Promise<string>;
  /** @throws RefusedError, StorageError */
  remove(id: string): Promise<void>;
}

export function createGroupBook(options: {
  readonly document: Document<Group[]>;
  readonly isGuest: (id: string) => boolean;
  readonly onGroup: (id: string) => void;
  readonly newId?: () => string;
}): GroupBook {
  const { document, isGuest, onGroup, newId = randomUUID } = options;
  const changes = createQueue();
  const group = (id: string) => document.value.find((one) => one.id === id);

  const known = (id: string): void => {
    if (group(id)) return;
    throw new RefusedError({ code: 'wrong-state', message: 'This group was removed meanwhile.', remedy: 'Make a new one.' });
  };

  return {
    all: () => document.value,
    group,
    save: (id, { name, members }) =>
      changes.run(async () => {
        if (id !== null) known(id);
        if (name.trim() === '')
          throw new RefusedError({ code: 'wrong-state', message: 'The group has no name.', remedy: 'Give it one.' });
        const once = members.filter(({ guestId }, at) => members.findIndex((one) => one.guestId === guestId) === at);
        if (once.length === 0 || !once.every(({ guestId }) => isGuest(guestId))) {
          throw new RefusedError({
            code: 'unknown-guest',
            message: once.length === 0 ? 'The group has no guest.' : 'One of its guests is no longer on the list.',
            remedy: 'Choose its guests again.',
          });
        }
        const saved: Group = { id: id ?? newId(), name: name.trim(), members: once };
        const all = document.value;
        await document.save(id === null ? [...all, saved] : all.map((one) => (one.id === id ? saved : one)));
        onGroup(saved.id);
        return saved.id;
      }),
    remove: (id) =>
      changes.run(async () => {
        known(id);
        await document.save(document.value.filter((one) => one.id !== id));
        onGroup(id);
      }),
  };
}
