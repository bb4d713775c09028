import type { Duplex } from 'node:stream';
import { duplexPair } from './duplex';
import {
  hearMessages,
  wire,
  wireCursor,
  wireMessage,
  type HeardMessage,
  type WireCursor,
  type WireError,
} from './libvirt-wire';

export const REMOTE = 0x20008086;
export const QEMU = 0x20008087;
export const KEEPALIVE = 0x6b656570;
const [CALL, REPLY, MESSAGE, STREAM] = [0, 1, 2, 3];
const [OK, ERROR, CONTINUE] = [0, 1, 2];

/** What the server does about a call. */
export type FakeAnswer =
  /** The reply's payload. */
  | Buffer
  | { error: WireError }
  /** Whatever bytes, instead of a reply. */
  | { raw: Buffer }
  /** A reply, the packets, and the end of the stream; `error` in its place breaks the stream off. */
  | { reply: Buffer; packets: readonly Buffer[]; error?: WireError; endless?: boolean }
  | 'silence';

export interface FakeCall {
  prog: number;
  proc: number;
  serial: number;
  args: WireCursor;
  connection: FakeConnection;
}

export type FakeHandler = (call: FakeCall) => FakeAnswer | Promise<FakeAnswer>;

export interface FakeConnection {
  /** Every message of the client, in order. */
  readonly heard: readonly HeardMessage[];
  /** Event ids that it subscribed to, by callback id. */
  readonly subscriptions: Map<number, number>;
  /** Whether it asked for keepalive. */
  readonly keepalive: boolean;
  readonly ended: boolean;
  /** Sends a message, or bytes as they are. */
  say(bytes: Buffer): void;
  /** Asks whether the client is there; see `pongs`. */
  ping(): void;
  readonly pongs: number;
  /** Ends the connection in order. */
  end(): void;
  hangUp(): void;
}

export interface FakeServerOptions {
  auth?: readonly number[];
  /** 9.0.0 unless given. */
  libVersion?: { major: number; minor: number; micro: number };
  /** virDrvFeature numbers; 10, 14 and 15 unless given. */
  features?: readonly number[];
  /** Answers the client's pings; true unless given. */
  answersPings?: boolean;
  /** How the bytes that it writes are cut; whole messages unless given. */
  cut?: (bytes: Buffer) => readonly Buffer[];
  /**
   * Procedures of the remote program, by number; those of `answers` win over its own. Of the qemu program:
   * QEMU_ANSWER + number.
   */
  answers?: Readonly<Record<number, FakeHandler>>;
}

/** Added to a procedure's number where `answers` means the qemu program's. */
export const QEMU_ANSWER = 10_000;

export interface FakeLibvirtServer {
  /** The client's end of a new connection. */
  connect(): Duplex;
  readonly connections: readonly FakeConnection[];
  /** Its newest connection. @throws Error without one */
  connection(): FakeConnection;
  /** What happens from now on; a procedure without an answer is unknown to the server. */
  readonly answers: Record<number, FakeHandler>;
  answersPings: boolean;
  /**
   * Sends an event to every connection that subscribed to `eventId`: the callback's id goes before `payload`.
   */
  emit(eventId: number, proc: number, payload: Buffer): void;
}

/** A libvirtd that knows how to let a client in, and else does what its `answers` say. */
export function fakeLibvirtServer(options: FakeServerOptions = {}): FakeLibvirtServer {
  const { auth = [0], libVersion = { major: 9, minor: 0, micro: 0 }, features = [10, 14, 15], cut } = options;
  const connections: FakeConnectionEnd[] = [];
  let callbacks = 0;
  const version = BigInt(libVersion.major * 1_000_000 + libVersion.minor * 1000 + libVersion.micro);
  const empty = Buffer.alloc(0);

  const server: FakeLibvirtServer = {
    connect() {
      const { near, far } = duplexPair();
      connections.push(serve(far, server, cut));
      return near;
    },
    connections,
    connection() {
      const newest = connections.at(-1);
      if (!newest) throw new Error('No client has connected');
      return newest;
    },
    answersPings: options.answersPings ?? true,
    answers: {
      66: () => wire.list(auth.map(wire.int)),
      60({ args, connection }) {
        const feature = args.int();
        if (feature === 10) (connection as FakeConnectionEnd).keepalive = true;
        return wire.int(features.includes(feature) ? 1 : 0);
      },
      1: () => empty,
      2: () => empty,
      157: () => wire.uhyper(version),
      360: () => empty,
      316({ args, connection }) {
        const id = (callbacks += 1);
        connection.subscriptions.set(id, args.int());
        return wire.int(id);
      },
      317({ args, connection }) {
        if (!connection.subscriptions.delete(args.int()))
          return { error: { code: 8, message: 'no such callback' } };
        return empty;
      },
      ...options.answers,
    },
    emit(eventId, proc, payload) {
      for (const connection of connections) {
        for (const [callback, id] of connection.subscriptions) {
          if (id !== eventId || connection.ended) continue;
          const body = Buffer.concat([wire.int(callback), payload]);
          connection.say(wireMessage({ prog: REMOTE, proc, type: MESSAGE, serial: 0 }, body));
        }
      }
    },
  };
  return server;
}

interface FakeConnectionEnd extends FakeConnection {
  keepalive: boolean;
}

function serve(stream: Duplex, server: FakeLibvirtServer, cut: FakeServerOptions['cut']): FakeConnectionEnd {
  const heard: HeardMessage[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let pongs = 0;
  let ended = false;

  const say = (bytes: Buffer) => {
    if (stream.destroyed || stream.writableEnded) return;
    for (const piece of cut ? cut(bytes) : [bytes]) stream.write(piece);
  };
  const connection: FakeConnectionEnd = {
    heard,
    subscriptions: new Map(),
    keepalive: false,
    get ended() {
      return ended;
    },
    say,
    ping: () => say(wireMessage({ prog: KEEPALIVE, proc: 1, type: MESSAGE, serial: 0 })),
    get pongs() {
      return pongs;
    },
    end: () => void stream.end(),
    hangUp: () => stream.destroy(),
  };

  const answer = async ({ header, payload }: HeardMessage) => {
    const { prog, proc, serial } = header;
    const reply = (status: number, body: Buffer) =>
      say(wireMessage({ prog, proc, type: REPLY, serial, status }, body));
    const packet = (status: number, body?: Buffer) =>
      say(wireMessage({ prog, proc, type: STREAM, serial, status }, body));
    const handler = server.answers[prog === QEMU ? QEMU_ANSWER + proc : proc];
    if (!handler) {
      // src/rpc/virnetserverprogram.c
      return reply(ERROR, wire.error({ code: 39, domain: 7, message: `unknown procedure: ${proc}` }));
    }
    const args = wireCursor(payload);
    const given = await handler({ prog, proc, serial, args, connection });
    if (given === 'silence') return;
    if (Buffer.isBuffer(given)) return reply(OK, given);
    if ('raw' in given) return say(given.raw);
    if (!('reply' in given)) return reply(ERROR, wire.error(given.error));
    reply(OK, given.reply);
    for (const bytes of given.packets) packet(CONTINUE, bytes);
    if (given.error) packet(ERROR, wire.error(given.error));
    else if (!given.endless) packet(CONTINUE);
  };
  const take = (message: HeardMessage) => {
    heard.push(message);
    const { prog, proc, type, serial, status } = message.header;
    if (prog === KEEPALIVE) {
      if (proc === 2) pongs += 1;
      else if (server.answersPings) say(wireMessage({ prog, proc: 2, type: MESSAGE, serial: 0 }));
    } else if (type === CALL) void answer(message);
    // src/remote/remote_daemon_stream.c: both an end and an abort are confirmed.
    else if (type === STREAM && status !== CONTINUE)
      say(wireMessage({ prog, proc, type: STREAM, serial, status: OK }));
  };

  stream.on('data', (chunk: Buffer) => {
    const { messages, rest: left } = hearMessages(Buffer.concat([rest, chunk]));
    rest = left;
    for (const message of messages) take(message);
  });
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  stream.on('close', () => (ended = true));
  return connection;
}
