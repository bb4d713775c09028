import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock';
import { RELAYS, type Relay } from './relays';

/** How a relay (relays.ts) began. */
export type Joined =
  | { readonly kind: 'connected'; readonly relay: Relay }
  /** `text` is what connect(2) said. */
  | { readonly kind: 'failed'; readonly text: string }
  /** socat or nc ended at once, which they do when they cannot connect. */
  | { readonly kind: 'ended' }
  | { readonly kind: 'none' };

const ANSWER_MS = 10_000;
/** A relay that does not tell is taken for connected when it has lived for so long, or said something. */
const SETTLE_MS = 400;
/** Start-up files of the login shell may talk before. */
const MAX_NOISE = 256 * 1024;

/**
 * Waits for a relay's first line. The stream emits no data until the caller attaches; what the socket said meanwhile
 * comes first then.
 * @throws Error in words for users when there is no such line
 */
export function joined(stream: Duplex, marker: string, clock: Clock): Promise<Joined> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    let started: Relay | null = null;
    let cancel = clock.setTimer(ANSWER_MS, () =>
      finish(() => reject(new Error('the host did not answer in time.'))),
    );

    const finish = (settle: () => void): void => {
      cancel();
      stream.off('readable', read).off('end', ended).off('close', ended).off('error', ended);
      // As with a socket, an error before the caller listens is kept in `errored`.
      stream.on('error', () => {});
      settle();
    };
    const connected = (relay: Relay): void => {
      // unshift() after `end` would throw; nothing is left to give back then, either.
      if (seen.length > 0) stream.unshift(seen);
      finish(() => resolve({ kind: 'connected', relay }));
    };
    const ended = (): void =>
      finish(() =>
        started === null
          ? reject(new Error('the command on the host ended at once.'))
          : resolve({ kind: 'ended' }),
      );
    const read = (): void => {
      for (
        let chunk = stream.read() as Buffer | null;
        chunk !== null;
        chunk = stream.read() as Buffer | null
      ) {
        seen = Buffer.concat([seen, chunk]);
      }
      if (started !== null) {
        if (seen.length > 0) connected(started);
        return;
      }
      const at = seen.indexOf(`${marker} `);
      const end = at === -1 ? -1 : seen.indexOf('\n', at);
      if (end === -1) {
        if (seen.length > MAX_NOISE) finish(() => reject(new Error('its login shell says too much.')));
        return;
      }
      const [kind = '', ...rest] = seen.toString('utf8', at + marker.length + 1, end).split(' ');
      seen = seen.subarray(end + 1);
      answered(kind, rest.join(' '));
    };
    const answered = (kind: string, text: string): void => {
      const relay = RELAYS.find((name) => name === text);
      if (kind === 'connected' && relay) return connected(relay);
      if (kind === 'failed') return finish(() => resolve({ kind: 'failed', text }));
      if (kind === 'none') return finish(() => resolve({ kind: 'none' }));
      if (kind !== 'started' || !relay) return finish(() => reject(new Error('its answer is not readable.')));
      started = relay;
      if (seen.length > 0) return connected(relay);
      cancel();
      cancel = clock.setTimer(SETTLE_MS, () => connected(relay));
    };
    stream.on('readable', read).on('end', ended).on('close', ended).on('error', ended);
    read();
  });
}
