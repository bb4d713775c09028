import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EntryRecord } from '../../../main/history/records';
import { StorageError } from '../../../main/storage/errors';
import { copyOf, filesOf, kindOf, openAll, PROFILES, profileNames, read, type Stored } from './open-profile';

vi.mock('electron', () => ({
  safeStorage: {
    isEncryptionAvailable: () => true,
    getSelectedStorageBackend: () => 'gnome_libsecret',
    encryptString: (text: string) => Buffer.from(`sealed:${text}`),
    decryptString: (bytes: Buffer) => bytes.toString().slice('sealed:'.length),
  },
}));

const names = await profileNames();
const newest = names.at(-1)!;
const newestFiles = Object.keys(await filesOf(path.join(PROFILES, newest)));
const dirs: string[] = [];
const copy = async (name: string) => {
  const dir = await copyOf(name);
  dirs.push(dir);
  return dir;
};
afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true });
});

type Rows = Record<string, unknown>[];
const valueIn = (files: Record<string, string>, name: string): unknown => {
  const text = files[`${name}.json`];
  return text === undefined ? undefined : read(text).value;
};

/** What was not kept at first is this after it. */
const beginnings = {
  guests: { manager: 'qemu', monitors: [], vmid: null, sleptBefore: false, rtcAlarm: null },
  settings: { notifications: { woken: true, failed: true, late: true }, updates: null, trayTold: false },
};
const empties: Record<string, unknown> = { guests: [], alarms: [], hosts: [], groups: [], schedules: [], 'host-power': [] };

/** The first version's alarms were all set for the wake. */
function armedSince2(armed: unknown): unknown {
  if (armed === null) return null;
  const { at, guestIds } = armed as { at: number; guestIds: string[] };
  return { at, guests: guestIds.map((guestId) => ({ guestId, due: at })) };
}

/** What this version makes of a document of that profile. */
function expected(name: string, old: Stored | undefined): unknown {
  if (old === undefined) return empties[name];
  switch (name) {
    case 'guests':
      return (old.value as Rows).map((guest) => ({ ...beginnings.guests, ...guest }));
    case 'settings':
      return { ...beginnings.settings, ...(old.value as object) };
    case 'alarms':
      // The first version's app kept all of them.
      return old.version === 1 ? (old.value as Rows).map((alarm) => ({ ...alarm, holder: 'app' })) : old.value;
    case 'schedules':
      return old.version === 1 ? (old.value as Rows).map((schedule) => ({ ...schedule, armed: armedSince2(schedule['armed']) })) : old.value;
    default:
      return old.value;
  }
}

const actors: Record<string, unknown> = {
  timer: { kind: 'alarm', holder: 'app' },
  user: { kind: 'user' },
  guest: { kind: 'guest' },
  host: { kind: 'host' },
  unknown: { kind: 'unknown' },
};

/** The lines of the history, by the first version's document or by the log's files. */
function expectedHistory(files: Record<string, string>): unknown[] {
  const former = (valueIn(files, 'history') ?? {}) as Record<string, (Record<string, unknown> & { at: number; cause: string })[]>;
  const taken = Object.entries(former).flatMap(([id, entries]) => entries.map(({ at, cause, ...rest }) => ({ ...rest, id, at: Math.round(at), actor: actors[cause] })));
  const logged = Object.entries(files)
    .filter(([name]) => name.startsWith('history/'))
    .flatMap(([, text]) => text.trim().split('\n').slice(1).map((line) => (JSON.parse(line) as { value: EntryRecord }).value));
  return [...logged, ...taken.sort((a, b) => a.at - b.at)];
}

describe.each(names)('the files of %s', (name) => {
  it('are opened, and nothing is lost', async () => {
    const dir = await copy(name);
    const before = await filesOf(dir);
    const opened = await openAll(dir);
    for (const [document, { value, problem }] of Object.entries(opened.documents)) {
      const text = before[`${document}.json`];
      expect(problem, document).toBeUndefined();
      expect(value, document).toEqual(expected(document, text === undefined ? undefined : read(text)));
    }
    expect(opened.history.problem).toBeUndefined();
    expect(opened.history.loaded.map(({ value }) => value)).toEqual(expectedHistory(before));
    const known = valueIn(before, 'installation') as { id: string } | undefined;
    expect(opened.installation).toMatch(/^[0-9a-f]{8}$/);
    if (known) expect(opened.installation).toBe(known.id);
    for (const secret of Object.keys(valueIn(before, 'secrets') ?? {})) expect(await opened.secrets.read(secret)).toBe('correct horse');
    await opened.close();
  });

  it('are kept as they were when they are first saved anew, and those of an earlier version for good', async () => {
    const dir = await copy(name);
    const before = await filesOf(dir);
    const opened = await openAll(dir);
    const openedOnly = await filesOf(dir);
    // Only the history is taken over when it is opened; all else is written when it changes.
    for (const [file, text] of Object.entries(before)) expect(openedOnly[file === 'history.json' ? 'history-version-1.json' : file], file).toBe(text);
    await opened.saveAll();
    const after = await filesOf(dir);
    const backups = Object.keys(before).filter((file) => /^(?!history|installation|secrets).*\.json$/.test(file));
    for (const file of backups) expect(after[`${file}.bak`], file).toBe(before[file]);
    const current = versionsWritten(await savedFrom(newest));
    const ofEarlier = Object.entries(before).flatMap(([file, text]) => {
      const { version } = read(text);
      return version < (current.get(kindOf(read(text))) ?? 0) ? [[file.replace('.json', `-version-${version}.json`), text]] : [];
    });
    const kept = Object.fromEntries(ofEarlier) as Record<string, string>;
    expect(after).toMatchObject(kept);
    expect(Object.keys(after).filter((file) => /-version-/.test(file)).sort()).toEqual(Object.keys(kept).sort());
    await opened.saveAll();
    await opened.close();
    expect(await filesOf(dir)).toMatchObject(kept);

    const again = await openAll(dir);
    for (const [document, { value, problem }] of Object.entries(again.documents)) {
      expect(problem, document).toBeUndefined();
      expect(value, document).toEqual(opened.documents[document as keyof typeof opened.documents].value);
    }
    expect(again.history.loaded.map(({ value }) => value)).toEqual(expectedHistory(before));
    expect(again.installation).toBe(opened.installation);
    await again.close();
  });
});

/** The newest profile, and what this version makes of it when it saves every file. */
async function savedFrom(name: string): Promise<Record<string, string>> {
  const dir = await copy(name);
  const opened = await openAll(dir);
  await opened.saveAll();
  await opened.close();
  const files = await filesOf(dir);
  return Object.fromEntries(Object.entries(files).filter(([file]) => !/\.bak$|-version-\d+\.json$/.test(file)));
}

/** In whatever order its keys are. */
const parsed = (files: Record<string, string>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(files).map(([file, text]) => [file, file.endsWith('.jsonl') ? text : JSON.parse(text)]));

const versionsWritten = (files: Record<string, string>): Map<string, number> => new Map(Object.values(files).map((text) => [kindOf(read(text)), read(text).version]));

describe('the profiles that are kept for these tests', () => {
  it('end with what this version writes: when it changes, add a folder (test/fixtures/profiles/README.md)', async () => {
    const written = await savedFrom(newest);
    const folder = process.env['REVEILLE_WRITE_PROFILE'];
    if (folder !== undefined) {
      await cp(path.join(PROFILES, newest), path.join(PROFILES, folder), { recursive: true, errorOnExist: true, force: false });
      for (const [file, text] of Object.entries(written)) await writeFile(path.join(PROFILES, folder, file), text);
      return;
    }
    expect(parsed(written)).toEqual(parsed(await filesOf(path.join(PROFILES, newest))));
  });

  it('have every version that any file ever had', async () => {
    const seen = new Map<string, Set<number>>();
    for (const name of names) {
      for (const text of Object.values(await filesOf(path.join(PROFILES, name)))) {
        const stored = read(text);
        seen.set(kindOf(stored), (seen.get(kindOf(stored)) ?? new Set()).add(stored.version));
      }
    }
    for (const [kind, version] of versionsWritten(await savedFrom(newest))) {
      const all = Array.from({ length: version }, (_, index) => index + 1);
      expect([...(seen.get(kind) ?? [])].sort(), `${kind}: raised without a folder for the version before`).toEqual(all);
    }
  });

  it('have every file that the app keeps', async () => {
    const sources = (await readdir('main', { recursive: true })).filter((file) => file.endsWith('.ts') && !file.startsWith(`storage${path.sep}`));
    const kept = new Set<string>();
    for (const file of sources) {
      const text = await readFile(path.join('main', file), 'utf8');
      for (const call of text.matchAll(/\bopen(?:Document|Log)(?:<[^()]*>)?\(\{(.*?)\}\)/gs)) {
        const name = /\bname: '([\w-]+)'/.exec(call[1] ?? '')?.[1];
        expect(name, `a file that ${file} opens`).toBeDefined();
        kept.add(name!);
      }
    }
    const here = Object.values(await filesOf(path.join(PROFILES, newest))).map((text) => kindOf(read(text)));
    expect([...kept].sort()).toEqual([...new Set(here)].sort());
  });
});

describe('a file of a newer version', () => {
  it.each([...newestFiles, 'history.json'])('%s is refused in words, and every file is left as it is', async (file) => {
    const dir = await copy(newest);
    const full = path.join(dir, file);
    const kind = file.split(/[./]/)[0]!;
    const value = JSON.stringify({ [file.endsWith('.jsonl') ? 'log' : 'document']: kind, version: 99, value: 'from the future' });
    await writeFile(full, `${value}\n`);
    const before = await filesOf(dir);
    const failure: unknown = await openAll(dir).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(StorageError);
    expect(failure).toMatchObject({ code: 'NEWER_VERSION', path: full });
    expect((failure as Error).message).toMatch(/was written by a newer Reveille \(format 99, this one reads up to \d+\)\. Update the app; the file was left as it is\./);
    expect((failure as Error).message).toContain(full);
    expect(await filesOf(dir)).toEqual(before);
  });
});
