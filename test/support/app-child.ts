import { execFileSync } from 'node:child_process';
import { appendFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { DaemonPlace } from '../../main/hypervisors/libvirt/model';
import type { HolderChoice } from '../../preload/contract/vocabulary';
import { startTestApp } from './app';

/** What the app is to do; the first argument, as JSON. */
export interface AppChildTask {
  readonly dataDir: string;
  readonly guest: string;
  readonly libvirt?: DaemonPlace;
  readonly for: string;
  readonly alarm: HolderChoice;
  /** What becomes of the file system that `dataDir` is the root of, before the guest is put to sleep. */
  readonly spoil?: 'full' | 'read-only';
}

/** Nothing can be written there any more. */
function spoil(dir: string, how: 'full' | 'read-only'): void {
  if (how === 'read-only') {
    // Over itself: files that are open would keep it from becoming read-only in its place.
    execFileSync('mount', ['--bind', dir, dir]);
    execFileSync('mount', ['-o', 'remount,bind,ro', dir]);
    return;
  }
  const filler = path.join(dir, 'filler');
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) appendFileSync(filler, Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

/** The whole core of the app in a process of its own: puts one guest to sleep with an alarm, says so, and stays. */
async function main(): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '') as AppChildTask;
  const app = await startTestApp({
    dataDir: task.dataDir,
    startedBefore: true,
    finds: ({ name }) => name === task.guest,
    ...(task.libvirt ? { libvirtPlaces: [task.libvirt] } : {}),
  });
  await app.untilGuest(task.guest, ({ agent }) => agent.status === 'answering', 60_000);
  const guestId = app.guest(task.guest).id;
  if (task.spoil) spoil(task.dataDir, task.spoil);
  const asked = await app.tryCall('setPowerState', { guestId, action: 'suspend', for: task.for, alarm: task.alarm });
  if (!asked.ok) {
    writeSync(1, `${JSON.stringify({ refused: asked.refusal })}\n`);
    return;
  }
  const { alarm } = await app.untilGuest(
    task.guest,
    (guest) => guest.state.name === 'suspended' && guest.alarm?.phase === 'armed' && guest.pending === null,
    60_000,
  );
  writeSync(1, `${JSON.stringify({ asleep: Date.now(), alarm })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
