import type { Clock } from '../../clock';
import { encodeMessage, MESSAGE_STATUS, MESSAGE_TYPE, type MessageHeader } from './messages';

/** virkeepaliveprotocol.x KEEPALIVE_PROGRAM, KEEPALIVE_PROTOCOL_VERSION and keepalive_procedure. */
export const KEEPALIVE_PROGRAM = 0x6b656570;
const VERSION = 1;
const PING = 1;
const PONG = 2;

export interface KeepaliveSettings {
  /** A ping goes out after so long without a byte, in ms. */
  intervalMs: number;
  /** After so many pings without any byte the peer is lost: about intervalMs * (count + 1) of silence. */
  count: number;
}

export interface Keepalive {
  /** Pings from now on. */
  start(): void;
  /** To be told of everything that comes, parts of a long message included. */
  heard(): void;
  /** Takes a message of the keepalive program. @returns false for one that the program does not have */
  take(header: MessageHeader): boolean;
  stop(): void;
}

const message = (proc: number) =>
  encodeMessage(
    {
      prog: KEEPALIVE_PROGRAM,
      vers: VERSION,
      proc,
      type: MESSAGE_TYPE.message,
      serial: 0,
      status: MESSAGE_STATUS.ok,
    },
    Buffer.alloc(0),
  );

/** Both sides of src/rpc/virkeepalive.c: answers pings, and pings a peer that has become silent. */
export function keepalive(
  { intervalMs, count }: KeepaliveSettings,
  use: { clock: Clock; send(bytes: Buffer): void; lost(silentMs: number): void },
): Keepalive {
  let lastHeard = use.clock.monotonic();
  let unanswered = 0;
  let cancel = () => {};

  const look = () => {
    const silentMs = use.clock.monotonic() - lastHeard;
    if (unanswered === 0 && silentMs < intervalMs) return wait(intervalMs - silentMs);
    if (unanswered >= count) return use.lost(silentMs);
    unanswered += 1;
    use.send(message(PING));
    wait(intervalMs);
  };
  const wait = (ms: number) => {
    cancel = use.clock.setTimer(ms, look);
  };

  return {
    start() {
      cancel();
      wait(intervalMs);
    },
    heard() {
      lastHeard = use.clock.monotonic();
      unanswered = 0;
    },
    take({ proc, type }) {
      if (type !== MESSAGE_TYPE.message || (proc !== PING && proc !== PONG)) return false;
      if (proc === PING) use.send(message(PONG));
      return true;
    },
    stop: () => cancel(),
  };
}
