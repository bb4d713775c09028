import type { Clock } from '../clock';

/** Packets are lost: one is sent every so often, in ms. */
const SEND_EVERY_MS = 5000;
/** How long a host may take to be there again, in ms. */
export const WAKING_MS = 3 * 60_000;

export interface WakingOptions {
  readonly clock: Clock;
  /** When the first packet is sent, in ms from now; null: none is. */
  readonly packetsIn: number | null;
  readonly send: () => Promise<void>;
  /** The host was not reached. `fault`: why the last packets could not be sent. */
  readonly onGivenUp: (fault: unknown) => void;
}

/** Wakes a host again and again. @returns a function that ends it */
export function beginWaking({ clock, packetsIn, send, onGivenUp }: WakingOptions): () => void {
  let fault: unknown;
  let cancelPacket = () => {};
  let over = false;
  const packet = () => {
    cancelPacket = clock.setTimer(SEND_EVERY_MS, packet);
    send().then(
      () => (fault = undefined),
      (error: unknown) => (fault = error),
    );
  };
  const end = () => {
    over = true;
    cancelPacket();
    cancelEnd();
  };
  const cancelEnd = clock.setTimer(WAKING_MS, () => {
    if (over) return;
    end();
    onGivenUp(fault);
  });
  if (packetsIn === 0) packet();
  else if (packetsIn !== null) cancelPacket = clock.setTimer(packetsIn, packet);
  return end;
}
