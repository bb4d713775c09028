import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { findProgram } from '../guest/run';

/** An entry of the icon's menu, as the panel reads it. */
export interface MenuEntry {
  id: number;
  label: string;
  enabled: boolean;
  separator: boolean;
  entries: MenuEntry[];
}

export interface ShownNotification {
  id: number;
  app: string;
  title: string;
  text: string;
  actions: string[];
}

/** A session bus of the test's own. Panel and notification daemon come and go as they are told. */
export interface TestSession {
  /** For the app: the bus's address. */
  readonly env: Record<string, string>;
  startPanel(): Promise<void>;
  endPanel(): Promise<void>;
  startDaemon(): Promise<void>;
  endDaemon(): Promise<void>;
  /** The icons that this panel was given, by their apps' names on the bus, the oldest first. */
  items(): Promise<string[]>;
  menu(): Promise<MenuEntry[]>;
  click(entry: number): Promise<void>;
  /** A click on the icon. */
  activate(): Promise<void>;
  toolTip(): Promise<string>;
  /** Of each size of the icon, how many of its pixels are not clear. */
  icon(): Promise<[width: number, height: number, opaque: number][]>;
  notifications(): Promise<ShownNotification[]>;
  clickNotification(id: number): Promise<void>;
  stop(): Promise<void>;
}

/** Debian's python3-dbusmock belongs to Debian's Python. */
const PYTHON = '/usr/bin/python3';

export const sessionPresent =
  process.platform === 'linux' &&
  existsSync('/usr/lib/python3/dist-packages/dbusmock') &&
  findProgram('dbus-daemon') !== undefined;

export async function startSession(): Promise<TestSession> {
  const daemon = spawn('dbus-daemon', ['--session', '--nofork', '--nopidfile', '--print-address=1'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ends = () => daemon.kill();
  process.once('exit', ends);
  const address = await nextLine(createInterface(daemon.stdout), daemon, 'dbus-daemon');
  const env = { DBUS_SESSION_BUS_ADDRESS: address };
  const driver = spawn(PYTHON, [path.join(__dirname, 'session-bus.py')], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(driver.stdout);
  let turn: Promise<unknown> = Promise.resolve();

  const ask = <T>(command: string, ...args: unknown[]): Promise<T> => {
    const answered = turn.then(async () => {
      driver.stdin.write(`${JSON.stringify([command, ...args])}\n`);
      const answer = JSON.parse(await nextLine(lines, driver, 'session-bus.py')) as { ok: T } | { error: string };
      if ('error' in answer) throw new Error(`${command}: ${answer.error}`);
      return answer.ok;
    });
    turn = answered.catch(() => undefined);
    return answered;
  };

  return {
    env,
    startPanel: () => ask('startPanel'),
    endPanel: () => ask('endPanel'),
    startDaemon: () => ask('startDaemon'),
    endDaemon: () => ask('endDaemon'),
    items: () => ask('items'),
    menu: () => ask('menu'),
    click: (entry) => ask('click', entry),
    activate: () => ask('activate'),
    toolTip: () => ask('toolTip'),
    icon: () => ask('icon'),
    notifications: () => ask('notifications'),
    clickNotification: (id) => ask('clickNotification', id),
    async stop() {
      driver.stdin.end();
      await ended(driver);
      daemon.kill();
      await ended(daemon);
      process.removeListener('exit', ends);
    },
  };
}

function nextLine(lines: Interface, child: ChildProcess, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error(`${name} has ended`));
    child.once('exit', gone);
    child.once('error', reject);
    lines.once('line', (line) => {
      child.off('exit', gone);
      child.off('error', reject);
      resolve(line);
    });
  });
}

const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise((resolve) => child.once('exit', () => resolve()));
