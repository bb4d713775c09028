import { execFile, spawn } from 'node:child_process';
import { until } from '../guest/deadline';
import { endChild } from './ssh-keys';

/** How a run of virsh ended. */
export interface VirshResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Virsh = (...args: string[]) => Promise<VirshResult>;

/** virsh with a connection; `before` is what runs it elsewhere or as someone else. */
export function virshFor(uri: string, { readOnly = false, before = [] as readonly string[] } = {}): Virsh {
  return (...args) => runVirsh([...before, 'virsh', '--quiet', ...(readOnly ? ['--readonly'] : []), '-c', uri, ...args]);
}

function runVirsh(argv: readonly string[]): Promise<VirshResult> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C.UTF-8' };
    execFile(argv[0]!, argv.slice(1), { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else reject(new Error(`${argv.join(' ')}: ${error.message}`, { cause: error }));
    });
  });
}

/** One line of `virsh event`, such as "event 'lifecycle' for domain 'a': PMSuspended Memory". */
export interface VirshEvent {
  readonly name: string;
  readonly domain: string;
  /** What follows the domain's name: the event's arguments in virsh's words. */
  readonly detail: string;
}

/** What `virsh event` has printed since it was started. */
export interface VirshEvents {
  readonly all: readonly VirshEvent[];
  /** Takes all events out, in their order. */
  take(): VirshEvent[];
  /** Resolves with the first event that matches, whether it has come already or is to come. */
  next(domain: string, pattern: RegExp, ms?: number): Promise<VirshEvent>;
  stop(): Promise<void>;
}

const EVENT = /^event '([^']+)' for domain '(.*?)'(?:: (.*))?$/;

/** Records the events that libvirt gives to another client. Resolves once it is registered for all of them. */
export async function recordEvents(uri: string): Promise<VirshEvents> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'virsh', '-c', uri, 'event', '--all', '--loop'], {
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const events: VirshEvent[] = [];
  let pending = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (pending + text).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      const [, name, domain, detail = ''] = EVENT.exec(line) ?? [];
      if (name !== undefined && domain !== undefined) events.push({ name, domain, detail });
    }
  });
  return {
    all: events,
    take: () => events.splice(0),
    next: (domain, pattern, ms = 30_000) =>
      until(ms, () => `event ${String(pattern)} of ${domain} among ${JSON.stringify(events)} ${errors}`, () =>
        events.find((event) => event.domain === domain && pattern.test(`${event.name}: ${event.detail}`)),
      ),
    stop: () => endChild(child),
  };
}
