import type { Control } from '../../power/standing';
import { connectQmp, type QmpClient } from '../../protocols/qmp/client';
import { QmpError, type QmpCloseReason } from '../../protocols/qmp/errors';
import { DialError, type SocketAddress } from '../../protocols/sockets';
import type { LinkOptions, MonitorLink } from './link';
import { NoMonitorError, unavailable } from './no-monitor';

/** One connection to the monitor: whoever has something to ask joins it while it is young. */
interface Talk {
  readonly client: QmpClient;
  readonly began: number;
  users: number;
  hasExpired: boolean;
  /** Resolves when it is over: null when it was ended here. */
  readonly over: Promise<QmpCloseReason | null>;
}

/** Waits between two looks while nothing is watched, in ms. */
const POLL_MS = 10_000;
/** How long events are waited for in one conversation, in ms; Proxmox VE's tools wait 3 s and more for their turn. */
const HOLD_MS = 500;
/** A conversation is joined only so long, in ms, that the events of what is asked in it can still come in it. */
const JOIN_MS = 250;
const GREETING_MS = 2500;
/** A monitor that somebody else holds is waited for without a word for so long, in ms. */
const QUIET_MS = 6000;
const RETRY_MS = 250;
/** Waits between tries when it was told that there is no monitor, in ms. */
const SLOW_RETRY_MS = 5000;

/**
 * The way to a monitor that belongs to another program, which needs it free: it is connected to, asked and left at
 * once. The state is looked at in every conversation, and one is held every 10 s. While somebody watches, conversations
 * follow each other: each is held for half a second to hear events, then left to whoever waits. QEMU takes its clients
 * in the order in which they connected.
 * Source: Proxmox VE's src/PVE/QMPClient.pm ("qemu can only handle 1 connection, so we close connections asap"; tries
 * to connect for 3 s in pvestatd's queue_execute, for 5 s and more elsewhere).
 */
export function createLentLink(
  monitors: readonly SocketAddress[],
  { access, clock, hooks }: LinkOptions,
): MonitorLink {
  let control: Control = { status: 'connecting' };
  let talk: Talk | null = null;
  let opening: Promise<Talk> | null = null;
  let isNew = true;
  let watchers = 0;
  let isKeepingUp = false;
  let closed = false;
  const isClosed = () => closed;
  let cancelPoll = () => {};
  const waits = new Set<() => void>();

  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const end = () => {
        cancel();
        waits.delete(end);
        resolve();
      };
      const cancel = clock.setTimer(ms, end);
      waits.add(end);
    });

  const pollIn = (ms: number) => {
    cancelPoll();
    if (!closed) cancelPoll = clock.setTimer(ms, () => void poll());
  };

  const poll = async () => {
    pollIn(POLL_MS);
    await unlessNone(join().then(leave));
  };

  /** That there was nobody to talk to has been told by the hooks. */
  const unlessNone = async (work: Promise<unknown>): Promise<boolean> => {
    try {
      await work;
      return true;
    } catch (error) {
      if (error instanceof NoMonitorError || (error instanceof QmpError && error.kind === 'closed')) return false;
      throw error;
    }
  };

  const begin = (client: QmpClient): Talk => {
    control = { status: 'ready' };
    pollIn(POLL_MS);
    const cancelHold = clock.setTimer(HOLD_MS, () => {
      fresh.hasExpired = true;
      endIfIdle(fresh);
    });
    const fresh: Talk = {
      client,
      began: clock.monotonic(),
      // What `onUp` asks.
      users: 1,
      hasExpired: false,
      over: client.closed.then((reason) => {
        cancelHold();
        const brokeOff = talk === fresh;
        if (!brokeOff) return null;
        talk = null;
        if (closed) return null;
        pollIn(RETRY_MS);
        hooks.onDown(client);
        return reason;
      }),
    };
    talk = fresh;
    const asked = hooks.onUp(client, isNew);
    isNew = false;
    void asked.then(() => leave(fresh));
    return fresh;
  };

  const endIfIdle = (one: Talk) => {
    if (talk !== one || one.users > 0 || (watchers > 0 && !one.hasExpired)) return;
    talk = null;
    one.client.close();
  };

  const isCurrent = (one: Talk) => talk === one;

  const leave = (one: Talk) => {
    one.users -= 1;
    endIfIdle(one);
  };

  const open = async (): Promise<Talk> => {
    const since = clock.monotonic();
    for (;;) {
      const failures: unknown[] = [];
      for (const address of monitors) {
        if (isClosed()) throw new NoMonitorError(control);
        try {
          const client = await connectQmp(await access.dial(address), { clock, greetingTimeoutMs: GREETING_MS });
          if (!isClosed()) return begin(client);
          client.close();
        } catch (error) {
          failures.push(error);
        }
      }
      if (isClosed()) throw new NoMonitorError(control);
      hooks.onTrouble();
      const isPatient = control.status !== 'unavailable' && clock.monotonic() - since < QUIET_MS;
      if (!isPatient || !failures.some(mayPass)) {
        control = unavailable(monitors, failures);
        isNew = true;
        pollIn(SLOW_RETRY_MS);
        hooks.onUnreachable(failures);
        throw new NoMonitorError(control);
      }
      await wait(RETRY_MS);
    }
  };

  /** Takes part in a conversation; to be left. @throws NoMonitorError, QmpError closed */
  const join = async (): Promise<Talk> => {
    for (;;) {
      if (closed) throw new NoMonitorError(control);
      if (talk && clock.monotonic() - talk.began < JOIN_MS) {
        talk.users += 1;
        return talk;
      }
      if (talk) {
        await talk.over;
        continue;
      }
      opening ??= open().finally(() => (opening = null));
      const opened = await opening;
      if (isCurrent(opened)) continue;
      const cause = await opened.over;
      if (cause) throw new QmpError({ kind: 'closed', cause });
    }
  };

  const keepUp = async () => {
    if (isKeepingUp) return;
    isKeepingUp = true;
    while (watchers > 0 && !closed) {
      const listened = join().then(async (one) => {
        leave(one);
        const cause = await one.over;
        if (cause) throw new QmpError({ kind: 'closed', cause });
      });
      if (!(await unlessNone(listened))) await wait(RETRY_MS);
    }
    isKeepingUp = false;
  };

  void poll();
  return {
    get control() {
      return control;
    },
    get isListening() {
      return talk !== null;
    },
    async converse(work) {
      const one = await join();
      try {
        return await work(one.client);
      } finally {
        leave(one);
      }
    },
    async watch() {
      watchers += 1;
      const stop = () => {
        watchers -= 1;
        if (talk) endIfIdle(talk);
      };
      try {
        leave(await join());
      } catch (error) {
        stop();
        throw error;
      }
      void keepUp();
      return stop;
    },
    retryNow() {
      if (control.status === 'unavailable' && !opening) void poll();
    },
    close() {
      closed = true;
      cancelPoll();
      for (const end of [...waits]) end();
      talk?.client.close();
    },
  };
}

/** What may well be over in a moment: somebody else's turn, a QEMU that starts or ends. */
function mayPass(error: unknown): boolean {
  if (error instanceof DialError) return error.code !== 'permission';
  return error instanceof QmpError && (error.kind === 'no-greeting' || error.kind === 'closed');
}
