import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../main/clock';
import { busSocket, DBusError, openSessionBus, theBus } from '../../../../main/protocols/dbus/session-bus';
import { decodeMessage } from '../../../../main/protocols/dbus/wire';
import { fakeClock } from '../../../fakes/clock';

/** A message as a bus would write it: big-endian, and laid out by hand from the specification. */
function message(type: 'return' | 'error' | 'signal', fields: { replyTo?: number; errorName?: string; signature?: string }, body: Buffer): Buffer {
  const u32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const padded = (bytes: Buffer, to: number) => Buffer.concat([bytes, Buffer.alloc((to - (bytes.length % to)) % to)]);
  let header = Buffer.alloc(0);
  const field = (code: number, signature: string, value: Buffer) => {
    header = Buffer.concat([padded(header, 8), Buffer.from([code, 1]), Buffer.from(`${signature}\0`), value]);
  };
  const string = (text: string) => Buffer.concat([u32(Buffer.byteLength(text)), Buffer.from(`${text}\0`)]);
  if (fields.replyTo !== undefined) field(5, 'u', u32(fields.replyTo));
  if (fields.errorName !== undefined) field(4, 's', string(fields.errorName));
  field(7, 's', string('org.freedesktop.DBus'));
  if (fields.signature !== undefined) field(8, 'g', Buffer.concat([Buffer.from([fields.signature.length]), Buffer.from(`${fields.signature}\0`)]));
  const code = { return: 2, error: 3, signal: 4 }[type];
  const head = Buffer.concat([Buffer.from(['B'.charCodeAt(0), code, 0, 1]), u32(body.length), u32(7), u32(header.length)]);
  return Buffer.concat([padded(Buffer.concat([head, header]), 8), body]);
}
const text = (value: string) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(value));
  return Buffer.concat([length, Buffer.from(`${value}\0`)]);
};
/** A variant of a boolean: signature, padding to 4, value. */
const yes = Buffer.from([1, 'b'.charCodeAt(0), 0, 0, 0, 0, 0, 1]);

type Call = { serial: number; member: string | null; body: readonly unknown[] };
let dir: string;
let socketPath: string;
let server: Server;
const sockets = new Set<Socket>();

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'bus-'));
  socketPath = path.join(dir, 'bus');
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true, force: true });
});

/** A bus that takes this user, and answers what `onCall` says; Hello by itself. */
async function serve(onCall: (call: Call, socket: Socket) => void, greeting = 'OK 0123456789abcdef\r\n'): Promise<void> {
  server = createServer((socket) => {
    sockets.add(socket);
    let unread: Buffer = Buffer.alloc(0);
    let begun = false;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      unread = Buffer.concat([unread, chunk]);
      if (!begun) {
        if (unread.includes('AUTH EXTERNAL') && !unread.includes('BEGIN')) socket.write(greeting);
        const at = unread.indexOf('BEGIN\r\n');
        if (at < 0) return;
        begun = true;
        unread = unread.subarray(at + 7);
      }
      for (let next = decodeMessage(unread); next; next = decodeMessage(unread)) {
        const serial = unread.readUInt32LE(8);
        unread = unread.subarray(next.end);
        if (next.message.member === 'Hello') socket.write(message('return', { replyTo: serial, signature: 's' }, text(':1.1')));
        else onCall({ serial, member: next.message.member, body: next.message.body }, socket);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
}

const ask = { ...theBus, member: 'GetNameOwner', args: ['org.kde.StatusNotifierWatcher'] };

describe('a session bus', () => {
  it('answers, whatever pieces the bytes come in', async () => {
    const calls: Call[] = [];
    await serve((call, socket) => {
      calls.push(call);
      const bytes = message('return', { replyTo: call.serial, signature: 's' }, text(':1.42'));
      void (async () => {
        for (const byte of bytes) {
          socket.write(Buffer.from([byte]));
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
    });
    const bus = await openSessionBus(socketPath, 1000, systemClock);
    expect(await bus.call(ask)).toEqual([':1.42']);
    expect(calls).toMatchObject([{ member: 'GetNameOwner', body: ['org.kde.StatusNotifierWatcher'] }]);
    bus.close();
  });

  it('gives answers to their calls in any order, and lists and variants as what they hold', async () => {
    const held: Call[] = [];
    await serve((call, socket) => {
      held.push(call);
      if (held.length < 2) return;
      const list = Buffer.concat([Buffer.from([0, 0, 0, 24]), text('abc'), text('defghijklmn')]);
      socket.write(
        Buffer.concat([
          message('return', { replyTo: held[1]!.serial, signature: 'v' }, yes),
          message('return', { replyTo: held[0]!.serial, signature: 'as' }, list),
        ]),
      );
    });
    const bus = await openSessionBus(socketPath, 1000, systemClock);
    const both = Promise.all([bus.call(ask), bus.call({ ...ask, member: 'Get' })]);
    expect(await both).toEqual([[['abc', 'defghijklmn']], [true]]);
    bus.close();
  });

  it('tells of signals, and passes refusals on with their names', async () => {
    await serve((call, socket) => {
      socket.write(message('signal', { signature: 's' }, text('x')));
      socket.write(message('error', { replyTo: call.serial, errorName: 'org.freedesktop.DBus.Error.NameHasNoOwner', signature: 's' }, text('No such name')));
    });
    const bus = await openSessionBus(socketPath, 1000, systemClock);
    let signals = 0;
    bus.onSignal(() => (signals += 1));
    const refused = bus.call(ask);
    await expect(refused).rejects.toBeInstanceOf(DBusError);
    await expect(refused).rejects.toMatchObject({ name: 'org.freedesktop.DBus.Error.NameHasNoOwner', message: 'No such name' });
    expect(signals).toBe(1);
    bus.close();
  });

  it('fails what waits when the connection ends, and what is asked afterwards', async () => {
    await serve((_call, socket) => socket.destroy());
    const bus = await openSessionBus(socketPath, 1000, systemClock);
    await expect(bus.call(ask)).rejects.toThrow('closed the connection');
    await bus.ended;
    await expect(bus.call(ask)).rejects.toThrow();
  });

  it('does not wait for ever', async () => {
    await serve(() => undefined);
    const clock = fakeClock();
    const bus = await openSessionBus(socketPath, 1000, clock);
    const silent = expect(bus.call(ask)).rejects.toThrow('org.freedesktop.DBus did not answer GetNameOwner within 5 s');
    await clock.advance(5000);
    await silent;
    bus.close();
  });

  it.each([
    ['refuses this user', 'REJECTED EXTERNAL\r\n', 'refused this user'],
    ['speaks something else', 'OK 0\r\nHTTP/1.1 200 OK, and more\r\n', 'no D-Bus message'],
  ])('is given up when it %s', async (_what, greeting, why) => {
    await serve(() => undefined, greeting);
    await expect(openSessionBus(socketPath, 1000, systemClock)).rejects.toThrow(why);
  });

  it('is given up when it claims an enormous message', async () => {
    await serve((_call, socket) => socket.write(Buffer.from([0x6c, 2, 0, 1, 0xff, 0xff, 0xff, 0x7f, 1, 0, 0, 0, 0, 0, 0, 0])));
    const bus = await openSessionBus(socketPath, 1000, systemClock);
    await expect(bus.call(ask)).rejects.toThrow('sent a message of');
  });
});

describe('where the bus listens', () => {
  it.each([
    ['unix:path=/tmp/dbus-x,guid=00', undefined, '/tmp/dbus-x'],
    ['tcp:host=localhost,port=1;unix:path=/run/user/1000/a%20b', undefined, '/run/user/1000/a b'],
    ['unix:abstract=/tmp/dbus-y,guid=00', undefined, '\0/tmp/dbus-y'],
    ['unix:runtime=yes', '/run/user/1000', '/run/user/1000/bus'],
    [undefined, '/run/user/1000', '/run/user/1000/bus'],
    ['', '/run/user/1000', '/run/user/1000/bus'],
    ['tcp:host=localhost,port=1', '/run/user/1000', null],
    [undefined, undefined, null],
  ])('%j (run-time directory %j): %j', (address, runtimeDir, where) => expect(busSocket(address, runtimeDir)).toBe(where));
});
