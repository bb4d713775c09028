import { createConnection } from 'node:net';
import { withTimeout, type Clock } from '../../clock';
import { decodeMessage, encodeCall, type DBusValue, type Message, type MethodCall } from './wire';

/** A connection to a message bus, for questions about who is on it. */
export interface SessionBus {
  /** @throws DBusError what the other side refused; Error when there is no answer, or no connection any more */
  call(call: Omit<MethodCall, 'serial'>): Promise<readonly DBusValue[]>;
  /** Calls `listener` for each signal that a match rule (see AddMatch) lets through. */
  onSignal(listener: () => void): void;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  close(): void;
}

/** The other side's refusal; `name` is D-Bus's: "org.freedesktop.DBus.Error.NameHasNoOwner". */
export class DBusError extends Error {
  constructor(
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

/** The bus itself. Source: D-Bus Specification, "Message Bus Messages". */
export const theBus = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus' } as const;

const ANSWER_MS = 5000;
/** libuv passes a name in the abstract namespace on from Node 20 on. */
const ABSTRACT = '\0';

/**
 * Where the session's bus listens, or null where that is not known. `address` is DBUS_SESSION_BUS_ADDRESS; without it the
 * bus of the user's run-time directory is meant. Source: D-Bus Specification, "Server Addresses".
 */
export function busSocket(address: string | undefined, runtimeDir: string | undefined): string | null {
  const ofUser = runtimeDir === undefined || runtimeDir === '' ? null : `${runtimeDir}/bus`;
  if (address === undefined || address === '') return ofUser;
  for (const one of address.split(';')) {
    const [transport, rest = ''] = one.split(/:(.*)/s);
    if (transport !== 'unix') continue;
    const options = new Map(
      rest.split(',').map((pair): [string, string] => {
        const [key = '', value = ''] = pair.split(/=(.*)/s);
        return [key, decodeURIComponent(value)];
      }),
    );
    const path = options.get('path');
    if (path !== undefined) return path;
    const abstract = options.get('abstract');
    if (abstract !== undefined) return ABSTRACT + abstract;
    if (options.get('runtime') === 'yes') return ofUser;
  }
  return null;
}

/**
 * Connects and says hello, as this user. @throws Error when that does not work in time
 * @param uid this user's id
 */
export async function openSessionBus(socketPath: string, uid: number, clock: Clock): Promise<SessionBus> {
  const socket = createConnection(socketPath);
  const waiting = new Map<number, { resolve(message: Message): void; reject(error: Error): void }>();
  const listeners = new Set<() => void>();
  let unread: Buffer = Buffer.alloc(0);
  let greeted = false;
  let lastSerial = 0;
  let begun = () => {};
  const beginning = new Promise<void>((resolve) => (begun = resolve));
  let why: Error | null = null;

  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => {
      const error = why ?? new Error('The session bus has closed the connection');
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
      resolve();
    });
  });
  socket.on('error', (error) => (why = error));

  /** Source: D-Bus Specification, "Authentication Protocol". */
  const greet = () => {
    const end = unread.indexOf('\r\n');
    if (end < 0) return;
    const line = unread.toString('latin1', 0, end);
    unread = unread.subarray(end + 2);
    if (!line.startsWith('OK')) throw new Error(`The session bus refused this user: ${line}`);
    socket.write('BEGIN\r\n');
    greeted = true;
    begun();
  };
  const take = (message: Message) => {
    if (message.type === 'signal') for (const listener of listeners) listener();
    if (message.replyTo === null) return;
    const call = waiting.get(message.replyTo);
    waiting.delete(message.replyTo);
    if (message.type === 'error') call?.reject(new DBusError(message.errorName ?? 'unknown', String(message.body[0] ?? message.errorName)));
    else call?.resolve(message);
  };
  socket.on('data', (chunk) => {
    unread = Buffer.concat([unread, chunk]);
    try {
      if (!greeted) greet();
      if (!greeted) return;
      for (let next = decodeMessage(unread); next; next = decodeMessage(unread)) {
        unread = unread.subarray(next.end);
        take(next.message);
      }
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  });

  const call: SessionBus['call'] = async (what) => {
    if (socket.destroyed) throw why ?? new Error('The session bus is not connected any more');
    lastSerial += 1;
    const serial = lastSerial;
    const answer = new Promise<Message>((resolve, reject) => waiting.set(serial, { resolve, reject }));
    socket.write(encodeCall({ ...what, serial }));
    const late = () => {
      waiting.delete(serial);
      return new Error(`${what.destination} did not answer ${what.member} within ${ANSWER_MS / 1000} s`);
    };
    return (await withTimeout(clock, ANSWER_MS, answer, late)).body;
  };

  socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(uid)).toString('hex')}\r\n`);
  try {
    const failed = ended.then(() => Promise.reject(why ?? new Error('The session bus has closed the connection')));
    await withTimeout(clock, ANSWER_MS, Promise.race([beginning, failed]), () => new Error('The session bus does not answer'));
    await call({ ...theBus, member: 'Hello', args: [] });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return {
    call,
    onSignal: (listener) => void listeners.add(listener),
    ended,
    close: () => void socket.destroy(),
  };
}
