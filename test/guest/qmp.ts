import { until, within } from './deadline';
import type { JsonObject } from './json-socket';
import { openJsonSocket } from './json-socket';

export interface QmpEvent {
  event: string;
  data: JsonObject;
  /** performance.now() at its arrival, in ms */
  at: number;
}

/** A test-only QMP client: the product's own must not be proven by itself. One per socket at a time. */
export interface TestQmp {
  /** @throws Error with QEMU's class and text */
  execute(command: string, args?: JsonObject): Promise<unknown>;
  /** Every event so far, in order. */
  events: readonly QmpEvent[];
  /** Takes the first event of that name that no earlier call took. */
  nextEvent(name: string, timeoutMs?: number): Promise<QmpEvent>;
  /** Resolves when the socket is closed, as when QEMU ends. */
  closed: Promise<void>;
  waitForClose(timeoutMs?: number): Promise<void>;
  close(): void;
}

/** Connects and negotiates. @throws DeadlineError when no greeting comes: another client holds the socket */
export async function openQmp(socketPath: string, timeoutMs = 5_000): Promise<TestQmp> {
  const events: QmpEvent[] = [];
  const taken = new Set<QmpEvent>();
  const replies = new Map<number, (reply: JsonObject) => void>();
  let lastId = 0;
  let greeted: () => void = () => undefined;
  const greeting = new Promise<void>((resolve) => (greeted = resolve));
  const socket = await openJsonSocket(socketPath, (message) => {
    if ('QMP' in message) greeted();
    else if ('event' in message) {
      const data = (message['data'] ?? {}) as JsonObject;
      events.push({ event: String(message['event']), data, at: performance.now() });
    } else replies.get(Number(message['id']))?.(message);
  });

  const gone = (what: string) =>
    socket.closed.then(() => Promise.reject(new Error(`QMP closed during ${what}`)));
  async function execute(command: string, args: JsonObject = {}): Promise<unknown> {
    const id = (lastId += 1);
    const reply = new Promise<JsonObject>((resolve) => replies.set(id, resolve));
    socket.send({ execute: command, arguments: args, id });
    const answer = await within(10_000, `QMP ${command}`, Promise.race([reply, gone(command)]));
    replies.delete(id);
    const error = answer['error'] as { class: string; desc: string } | undefined;
    if (error !== undefined) throw new Error(`${error.class}: ${error.desc}`);
    return answer['return'];
  }

  try {
    await within(timeoutMs, 'QMP greeting', Promise.race([greeting, gone('greeting')]));
    await execute('qmp_capabilities');
  } catch (error) {
    socket.close();
    throw error;
  }
  return {
    execute,
    events,
    async nextEvent(name, waitMs = 30_000) {
      const found = await until(waitMs, `event ${name}`, () => {
        return events.find((event) => event.event === name && !taken.has(event));
      });
      taken.add(found);
      return found;
    },
    closed: socket.closed,
    waitForClose: (waitMs = 30_000) => within(waitMs, 'end of the QMP connection', socket.closed),
    close: socket.close,
  };
}
