import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A QMP monitor that serves one client at a time, as QEMU's does, and obeys even one that has left by then. */
export interface FakeMonitor {
  readonly socket: string;
  /** What was executed, in order. */
  readonly executed: string[];
  status: string;
  /** Executes system_wakeup, and stays asleep. */
  deaf: boolean;
  /** Takes the monitor, until what it returns is called. */
  take(): () => void;
  /** Clients that were turned to. */
  readonly served: () => number;
  /** Clients that connected. */
  readonly came: () => number;
  close(): Promise<void>;
}

export interface FakeMonitorOptions {
  readonly name?: string;
  /** Between the elements of an answer: QEMU's -qmp-pretty has line breaks there. */
  readonly pretty?: boolean;
}

export async function fakeMonitor({ name = 'qmp sock', pretty = false }: FakeMonitorOptions = {}): Promise<FakeMonitor> {
  const folder = mkdtempSync(join(tmpdir(), 'monitor-'));
  const socket = join(folder, name);
  const waiting: Socket[] = [];
  const all = new Set<Socket>();
  let busy = false;
  let served = 0;
  let came = 0;
  const monitor: FakeMonitor = {
    socket,
    executed: [],
    status: 'suspended',
    deaf: false,
    take() {
      busy = true;
      return () => {
        busy = false;
        next();
      };
    },
    served: () => served,
    came: () => came,
    async close() {
      for (const client of all) client.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(folder, { recursive: true });
    },
  };
  // QEMU's JSON has a space after colons and commas.
  const text = (message: object) => {
    const json = JSON.stringify(message, null, pretty ? 4 : 1);
    return `${pretty ? json.replaceAll('\n', '\r\n') : json.replaceAll(/\n\s*/g, ' ').replaceAll(/([{[]) | ([}\]])/g, '$1$2')}\r\n`;
  };

  const next = () => {
    const client = busy ? undefined : waiting.shift();
    if (!client) return;
    busy = true;
    served += 1;
    let able = false;
    let buffer = '';
    const say = (message: object) => void (client.writable && client.write(text(message)));
    say({ QMP: { version: { qemu: { micro: 0, minor: 2, major: 7 }, package: '' }, capabilities: ['oob'] } });
    client.on('data', (chunk: Buffer) => {
      buffer += chunk.toString();
      for (let match = /^\s*(\{[^{}]*\})/.exec(buffer); match; match = /^\s*(\{[^{}]*\})/.exec(buffer)) {
        buffer = buffer.slice(match[0].length);
        const { execute } = JSON.parse(match[1] ?? '') as { execute: string };
        monitor.executed.push(execute);
        if (execute === 'qmp_capabilities') able = true;
        if (!able) say({ error: { class: 'CommandNotFound', desc: 'Expecting capabilities negotiation' } });
        else if (execute === 'query-status') {
          say({ timestamp: { seconds: 1, microseconds: 2 }, event: 'RTC_CHANGE', data: { offset: 0, 'qom-path': '"status"' } });
          say({ return: { status: monitor.status, singlestep: false, running: monitor.status === 'running' } });
        } else if (execute === 'system_wakeup' && monitor.status !== 'suspended')
          say({ error: { class: 'GenericError', desc: 'Unable to wake up: guest is not in suspended state' } });
        else if (execute === 'system_wakeup' || execute === 'cont') {
          say({ return: {} });
          if (monitor.deaf) return;
          monitor.status = 'running';
          say({ timestamp: { seconds: 1, microseconds: 2 }, event: execute === 'cont' ? 'RESUME' : 'WAKEUP' });
        } else say({ return: {} });
      }
    });
    client.resume();
    client.on('close', () => {
      busy = false;
      next();
    });
  };
  // Until a client is turned to, nothing of it is read, not even its end.
  const server = createServer({ pauseOnConnect: true }, (client) => {
    all.add(client);
    client.on('error', () => undefined);
    came += 1;
    waiting.push(client);
    next();
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return monitor;
}
