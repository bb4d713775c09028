import type { Clock } from '../../clock';
import { RefusedError } from '../../power/actions';
import type { SleepSupport } from '../../power/standing';
import type { Cause, PowerState, PowerStateName, Source } from '../../power/states';
import type { QmpClient } from '../../protocols/qmp/client';
import { QmpError } from '../../protocols/qmp/errors';
import type { QmpEvent } from '../../protocols/qmp/schema';
import type { SocketAddress } from '../../protocols/sockets';
import { messageOf, readBootId, setGuestClock } from '../agent-facts';
import { noStats, type HostAccess, type Machine, type MachineEvent } from '../machine';
import { wakeClockBy } from '../wake-clock';
import { once } from '../once';
import { createAgentPort } from './agent-port';
import { readFacts } from './facts';
import { createExitWatch, stateAfterEnd, type Ending } from './ending';
import { createLentLink } from './lent-link';
import { createMonitorLink } from './link';
import { noDefinition } from './no-definition';
import { NoMonitorError, nobodyListens } from './no-monitor';
import { perform } from './perform';
import { powerStateOf } from './run-state';
import { takeScreenshot } from './screenshot';
import { createStatsReader } from './stats';
import { isPortOpen, readSupport, type QemuSupport } from './support';

/** Where a QEMU is reached. */
export interface QemuTarget {
  /** null for a QEMU that is known by its address only. */
  readonly pid: number | null;
  readonly monitors: readonly SocketAddress[];
  /** Another program needs them free, so each is left as soon as it has answered. */
  readonly monitorsAreLent?: boolean;
  readonly agent: {
    readonly address: SocketAddress;
    readonly chardev: string | null;
    readonly isLent?: boolean;
  } | null;
  readonly machineType: string | null;
}

/** How long a QEMU that did not answer, or answered nonsense, is left alone, in ms. */
const MEET_AGAIN_MS = 5000;
/** Waits between looks at an agent that does not answer, in ms: a guest that boots has one soon. */
const AGENT_LOOK_MS = [2000, 2000, 2000, 4000, 8000, 15_000, 30_000];
/** Pause between two looks at an agent whose machine's sockets are lent, in ms. */
const LENT_PAUSE_MS = 500;
/** When a state that was not looked at for so long became another is not known, in ms. */
const UNSEEN_MS = 20_000;

/** Watches and controls one QEMU through its monitor and its guest agent. */
export function createQemuMachine(target: QemuTarget, access: HostAccess, clock: Clock): Machine {
  const listeners = new Set<(event: MachineEvent) => void>();
  const emit = (event: MachineEvent) => {
    for (const listener of [...listeners]) listener(event);
  };
  let closed = false;
  let exists = true;
  let state: PowerState = {
    name: 'unknown',
    since: null,
    source: 'inference',
    cause: 'unknown',
    detail: 'It has not been asked yet.',
  };
  /** null until the QEMU of this connection has told. */
  let support: QemuSupport | null = null;
  /** Settles when the QEMU of this connection has told its state and what the machine can. */
  let meeting: Promise<void> = Promise.resolve();
  let cancelMeeting = () => {};
  let sleptToDisk = false;
  let ending: Ending | null = null;
  /** The monitor went away while it was listened to: what it did not say did not happen. */
  let wasHeard = false;
  /** When the state was last told, by the wall clock: this computer may have slept since. */
  let lookedAt = 0;
  let agentLookedAt = -Infinity;
  let agentLooks = 0;
  let cancelAgentLook = () => {};
  /** Grows with every event that touches the state, so that a slower query cannot overwrite newer news. */
  let news = 0;

  const become = (name: PowerStateName, source: Source, cause: Cause, detail?: string) => {
    const same = state.name === name && state.detail === detail;
    if (closed || (same && (source !== 'event' || state.source === 'event'))) return;
    const firstLook = state.name === 'unknown' && state.since === null;
    // What a query tells after a time in which nothing could be seen may have begun at any moment of it.
    const isUnseen = state.name === 'unknown' || (isLent && clock.now() - lookedAt > UNSEEN_MS);
    const began = isUnseen && source === 'query' && name !== 'unknown' ? null : clock.now();
    const since = firstLook && source !== 'event' ? null : state.name === name ? state.since : began;
    state = { name, since, source, cause, ...(detail ? { detail } : {}) };
    emit({ kind: 'state', state });
  };

  const isLent = target.monitorsAreLent ?? false;
  const isAwake = () => state.name === 'running';
  const isWatched = () => !closed && exists;

  const agent = createAgentPort(target.agent?.address ?? null, {
    access,
    clock,
    isAwake,
    isLent: target.agent?.isLent ?? false,
    onChange: () => emit({ kind: 'standing' }),
  });

  /** What was known of the agent is over: its guest sleeps, starts anew or is gone. */
  const forgetAgent = () => agent.assume({ status: target.agent ? 'unknown' : 'absent' });

  const look = async (client: QmpClient, source: Source, cause: Cause): Promise<void> => {
    for (;;) {
      const before = news;
      const { status } = await client.call('query-status');
      if (news !== before) continue;
      const seen = powerStateOf(status, sleptToDisk);
      become(
        seen.name,
        source,
        seen.name === 'off' || seen.name === 'hibernated' ? (ending?.cause ?? cause) : cause,
        seen.detail,
      );
      lookedAt = clock.now();
      return;
    }
  };

  /** The agent's port tells by itself whether anybody in the guest has it open (QAPI: qapi/char.json). */
  const lookAtPort = async (syncTimeoutMs?: number): Promise<void> => {
    const port = target.agent;
    if (!port) return;
    if (!isAwake()) return agent.assume({ status: 'unknown' });
    const open = await link.converse((client) => isPortOpen(client, port.chardev));
    // It may have fallen asleep meanwhile, and closes the port on its way.
    if (!isAwake()) return agent.assume({ status: 'unknown' });
    if (open === false) agent.assume({ status: 'closed' });
    else await agent.probe(syncTimeoutMs);
    agentLookedAt = clock.monotonic();
    expectAgent();
  };

  /** A port without an id tells nothing when the guest opens it (hw/char/virtio-console.c), so it is looked at again. */
  const expectAgent = () => {
    cancelAgentLook();
    if (closed || agent.status.status === 'answering') return;
    const wait = AGENT_LOOK_MS[Math.min(agentLooks, AGENT_LOOK_MS.length - 1)] ?? 0;
    agentLooks += 1;
    cancelAgentLook = clock.setTimer(wait, () => void unlessDown(lookAtPort()));
  };

  /** The first questions to a QEMU; asked again after a while when one of them fails. */
  const meet = async (client: QmpClient): Promise<void> => {
    await look(client, 'query', 'unknown');
    support = await readSupport(client);
    emit({ kind: 'standing' });
  };

  const begin = (client: QmpClient): Promise<void> => {
    cancelMeeting();
    meeting = unlessDown(meet(client));
    void meeting.then(() => {
      if (support) void unlessDown(lookAtPort());
    });
    return meeting;
  };

  /** The look that every later conversation begins with. What was not heard meanwhile is told by the difference. */
  const meetAgain = async (client: QmpClient): Promise<void> => {
    const before = state.name;
    await look(client, 'query', 'unknown');
    if (!isAwake()) return forgetAgent();
    sleptToDisk = false;
    ending = null;
    if (before === 'running') return;
    agentLooks = 0;
    void unlessDown(lookAtPort());
  };

  /** A connection that ends under a question is told by `onDown`; any other failure is a fault of QEMU's, and shown. */
  const unlessDown = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      if (error instanceof NoMonitorError) return;
      if (!(error instanceof QmpError)) throw error;
      if (error.kind === 'closed') return;
      become('unknown', 'query', 'unknown', error.message);
      cancelMeeting();
      if (!closed) cancelMeeting = clock.setTimer(MEET_AGAIN_MS, () => void unlessDown(link.converse(begin)));
    }
  };

  /** Looks into an event, then at the agent. */
  const lookInto = (cause: Cause) =>
    unlessDown(link.converse((client) => look(client, 'event', cause)).then(() => lookAtPort()));

  const onEvent = (event: QmpEvent) => {
    if (!event.known) return;
    switch (event.name) {
      case 'SUSPEND':
        news += 1;
        forgetAgent();
        return become('suspended', 'event', 'guest');
      case 'WAKEUP':
        news += 1;
        agentLooks = 0;
        become('running', 'event', 'unknown');
        return void unlessDown(lookAtPort());
      case 'STOP':
      case 'RESUME':
      case 'WATCHDOG':
        news += 1;
        return void lookInto(event.name === 'WATCHDOG' ? 'guest' : 'host');
      case 'GUEST_PANICKED':
        news += 1;
        return void unlessDown(link.converse((client) => look(client, 'event', 'guest')));
      case 'RESET':
        news += 1;
        agentLooks = 0;
        sleptToDisk = false;
        ending = null;
        forgetAgent();
        emit({ kind: 'reset', cause: event.data.guest === false ? 'host' : 'guest' });
        return void lookInto(event.data.guest === false ? 'host' : 'guest');
      case 'SUSPEND_DISK':
        sleptToDisk = true;
        return;
      case 'SHUTDOWN':
        ending = {
          cause: event.data.guest === null ? 'unknown' : event.data.guest ? 'guest' : 'host',
          panicked: event.data.reason === 'guest-panic',
        };
        return;
      case 'VSERPORT_CHANGE':
        return void unlessDown(lookAtPort());
      case 'POWERDOWN':
      case 'GUEST_CRASHLOADED':
      case 'BLOCK_IO_ERROR':
      case 'RTC_CHANGE':
        return;
    }
  };

  const ended = () => {
    // All that is known of the end is set before anybody is told of a part of it.
    exists = false;
    const { pid } = target;
    const after = stateAfterEnd({ pid, last: state.name, ending, sleptToDisk, wasHeard });
    if (after) become(after.name, after.source, after.cause, after.detail);
    if (pid !== null) link.close();
    forgetAgent();
    emit({ kind: 'standing' });
  };

  const unreachable = () => {
    const { control } = link;
    const why = control.status === 'unavailable' ? control.reason : 'The connection to its monitor was lost.';
    become('unknown', 'inference', 'unknown', why);
  };

  const endIfGone = async () => {
    if (target.pid !== null && !(await access.processAlive(target.pid)) && isWatched()) ended();
  };

  const exit = createExitWatch({
    clock,
    look: endIfGone,
    isOver: () => target.pid === null || !isWatched() || !wasHeard,
    isEnding: () => ending !== null,
    // A lent monitor is tried again first.
    onStay: () => (isLent ? undefined : unreachable()),
  });

  const link = (isLent ? createLentLink : createMonitorLink)(target.monitors, {
    access,
    clock,
    hooks: {
      onUp(client, isNew) {
        exists = true;
        wasHeard = false;
        if (isNew) {
          sleptToDisk = false;
          ending = null;
          support = null;
        }
        client.onEvent(onEvent);
        return support ? unlessDown(meetAgain(client)) : begin(client);
      },
      onDown() {
        wasHeard = true;
        emit({ kind: 'standing' });
        exit.begin();
      },
      onTrouble() {
        void endIfGone();
      },
      onUnreachable(failures) {
        const { pid } = target;
        if (pid === null && failures.length > 0 && failures.every(nobodyListens)) {
          if (exists) ended();
        } else if (!exit.isRunning && (exists || pid === null)) {
          exists = true;
          unreachable();
          void endIfGone();
        }
        emit({ kind: 'standing' });
      },
    },
  });

  const readStats = createStatsReader({ access, clock, pid: target.pid });

  const machineType = (): string | null => support?.machineType ?? target.machineType;

  /** @throws RefusedError */
  const orRefuse = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof NoMonitorError)) throw error;
      const { control } = error;
      throw new RefusedError({
        code: 'no-control',
        message: error.message,
        remedy: control.status === 'unavailable' ? control.remedy : 'Try again in a moment.',
      });
    }
  };

  return {
    get state() {
      return state;
    },
    get exists() {
      return exists;
    },
    get control() {
      return link.control;
    },
    get agent() {
      return agent.status;
    },
    get sleep(): SleepSupport | null {
      return support?.sleep ?? null;
    },
    get machineType() {
      return machineType();
    },
    hasAgentChannel: target.agent !== null,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async look() {
      if (link.control.status !== 'ready') return link.retryNow();
      await meeting;
      await unlessDown(link.converse((client) => look(client, 'query', 'unknown')));
    },
    async lookAtAgent(timeoutMs) {
      const pause = isLent ? agentLookedAt + LENT_PAUSE_MS - clock.monotonic() : 0;
      if (pause > 0) await new Promise<void>((resolve) => void clock.setTimer(pause, resolve));
      if (link.control.status === 'ready') await unlessDown(lookAtPort(timeoutMs));
      return agent.status;
    },
    async perform(action) {
      const stopWatching = await orRefuse(link.watch());
      try {
        const performed = await orRefuse(perform(action, { converse: link.converse, agent, state: state.name }));
        const end = once(() => {
          performed.end();
          stopWatching();
        });
        return { ...performed, end };
      } catch (error) {
        stopWatching();
        throw error;
      }
    },
    setClock: () => agent.talk((talk) => setGuestClock(talk, clock)),
    readBootId: () => agent.talk(readBootId),
    ...wakeClockBy({ talk: agent.talk, status: () => agent.status, clock }),
    facts: () => readFacts(link.converse, agent, machineType()),
    async stats() {
      if (isLent) return noStats('Its manager needs its monitor, so it is not asked all the time.');
      return link.converse(readStats).catch((error: unknown) => noStats(messageOf(error)));
    },
    screenshot: () => orRefuse(link.converse((client) => takeScreenshot(client, access))),
    ...noDefinition,
    unlisted() {
      if (ending && isWatched()) ended();
    },
    close() {
      closed = true;
      cancelAgentLook();
      cancelMeeting();
      agent.close();
      link.close();
      listeners.clear();
    },
  };
}
