import type { Clock } from '../../clock';
import { RefusedError } from '../../power/actions';
import type { SleepSupport } from '../../power/standing';
import type { Cause, PowerState, PowerStateName, Source } from '../../power/states';
import type { QmpClient } from '../../protocols/qmp/client';
import { QmpError } from '../../protocols/qmp/errors';
import type { QmpEvent } from '../../protocols/qmp/schema';
import { DialError, type SocketAddress } from '../../protocols/sockets';
import type { HostAccess, Machine, MachineEvent } from '../machine';
import { createAgentPort } from './agent-port';
import { readBootId, readFacts, setGuestClock } from './facts';
import { createMonitorLink } from './link';
import { perform } from './perform';
import { powerStateOf } from './run-state';
import { isPortOpen, readSupport, type QemuSupport } from './support';

/** Where a QEMU is reached. */
export interface QemuTarget {
  /** null for a QEMU that is known by its address only. */
  readonly pid: number | null;
  readonly monitors: readonly SocketAddress[];
  readonly agent: { readonly address: SocketAddress; readonly chardev: string | null } | null;
  readonly machineType: string | null;
}

/** What SHUTDOWN told before QEMU went away (QAPI: qapi/run-state.json ShutdownCause). */
interface Ending {
  readonly cause: Cause;
  readonly panicked: boolean;
}

/** Waits between looks at a process that should have ended, in ms. */
const EXIT_POLL_MS = 25;
const EXIT_GRACE_MS = 1000;
const EXIT_SLOW_POLL_MS = 2000;
/** How long a QEMU that did not answer, or answered nonsense, is left alone, in ms. */
const MEET_AGAIN_MS = 5000;
/** Waits between looks at an agent that does not answer, in ms: a guest that boots has one soon. */
const AGENT_LOOK_MS = [2000, 2000, 2000, 4000, 8000, 15_000, 30_000];

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
  /** Set while a process whose monitor went away is watched for its end. */
  let exiting: Promise<void> | null = null;
  let agentLooks = 0;
  let cancelAgentLook = () => {};
  /** Grows with every event that touches the state, so that a slower query cannot overwrite newer news. */
  let news = 0;

  const become = (name: PowerStateName, source: Source, cause: Cause, detail?: string) => {
    const same = state.name === name && state.detail === detail;
    if (closed || (same && (source !== 'event' || state.source === 'event'))) return;
    const firstLook = state.name === 'unknown' && state.since === null;
    // What a query tells after a time in which nothing could be seen may have begun at any moment of it.
    const began = state.name === 'unknown' && source === 'query' && name !== 'unknown' ? null : clock.now();
    const since = firstLook && source !== 'event' ? null : state.name === name ? state.since : began;
    state = { name, since, source, cause, ...(detail ? { detail } : {}) };
    emit({ kind: 'state', state });
  };

  const isAwake = () => state.name === 'running';
  const isWatched = () => !closed && exists;

  const agent = createAgentPort(target.agent?.address ?? null, {
    access,
    clock,
    isAwake,
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
      return;
    }
  };

  /** The agent's port tells by itself whether anybody in the guest has it open (QAPI: qapi/char.json). */
  const lookAtPort = async (client: QmpClient, syncTimeoutMs?: number): Promise<void> => {
    if (!target.agent) return;
    if (!isAwake()) return agent.assume({ status: 'unknown' });
    const open = await isPortOpen(client, target.agent.chardev);
    // It may have fallen asleep meanwhile, and closes the port on its way.
    if (!isAwake()) return agent.assume({ status: 'unknown' });
    if (open === false) agent.assume({ status: 'closed' });
    else await agent.probe(syncTimeoutMs);
    expectAgent(client);
  };

  /** A port without an id tells nothing when the guest opens it (hw/char/virtio-console.c), so it is looked at again. */
  const expectAgent = (client: QmpClient) => {
    cancelAgentLook();
    if (closed || agent.status.status === 'answering' || link.client !== client) return;
    const wait = AGENT_LOOK_MS[Math.min(agentLooks, AGENT_LOOK_MS.length - 1)] ?? 0;
    agentLooks += 1;
    cancelAgentLook = clock.setTimer(wait, () => void unlessDown(lookAtPort(client)));
  };

  /** The first questions to a QEMU; asked again after a while when one of them fails. */
  const meet = async (client: QmpClient): Promise<void> => {
    await look(client, 'query', 'unknown');
    support = await readSupport(client);
    emit({ kind: 'standing' });
  };

  const begin = (client: QmpClient) => {
    cancelMeeting();
    meeting = unlessDown(meet(client));
    void meeting.then(() => {
      if (link.client === client && support) void unlessDown(lookAtPort(client));
    });
  };

  /** A connection that ends under a question is told by `onDown`; any other failure is a fault of QEMU's, and shown. */
  const unlessDown = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof QmpError)) throw error;
      if (error.kind === 'closed') return;
      become('unknown', 'query', 'unknown', error.message);
      const { client } = link;
      cancelMeeting();
      if (client && !closed)
        cancelMeeting = clock.setTimer(MEET_AGAIN_MS, () => link.client === client && begin(client));
    }
  };

  const onEvent = (client: QmpClient, event: QmpEvent) => {
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
        return void unlessDown(lookAtPort(client));
      case 'STOP':
      case 'RESUME':
      case 'WATCHDOG':
        news += 1;
        return void unlessDown(
          look(client, 'event', event.name === 'WATCHDOG' ? 'guest' : 'host').then(() => lookAtPort(client)),
        );
      case 'GUEST_PANICKED':
        news += 1;
        return void unlessDown(look(client, 'event', 'guest'));
      case 'RESET':
        news += 1;
        agentLooks = 0;
        sleptToDisk = false;
        ending = null;
        forgetAgent();
        emit({ kind: 'reset', cause: event.data.guest === false ? 'host' : 'guest' });
        return void unlessDown(
          look(client, 'event', event.data.guest === false ? 'host' : 'guest').then(() => lookAtPort(client)),
        );
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
        return void unlessDown(lookAtPort(client));
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
    if (ending?.panicked) become('crashed', 'event', 'guest', 'The guest’s kernel panicked, and QEMU ended.');
    else if (ending && sleptToDisk) become('hibernated', 'event', ending.cause, 'Starting it resumes it.');
    else if (ending) become('off', 'event', ending.cause);
    else if (state.name === 'unknown')
      become('off', 'inference', 'unknown', target.pid === null ? NOBODY_LISTENS : ENDED_UNSEEN);
    else
      become(
        'crashed',
        'inference',
        'unknown',
        'Its QEMU process ended without a word: it was killed, or it crashed.',
      );
    if (target.pid !== null) link.close();
    forgetAgent();
    emit({ kind: 'standing' });
  };

  const unreachable = () => {
    const { control } = link;
    const why = control.status === 'unavailable' ? control.reason : 'The connection to its monitor was lost.';
    become('unknown', 'inference', 'unknown', why);
  };

  const endIfGone = async (pid: number) => {
    if (!(await access.processAlive(pid)) && isWatched()) ended();
  };

  /** The monitor went away: the process follows, or only the connection was lost. */
  const awaitExit = async (pid: number) => {
    const deadline = clock.monotonic() + EXIT_GRACE_MS;
    while (isWatched()) {
      await endIfGone(pid);
      if (link.client || !isWatched()) return;
      if (!ending && clock.monotonic() >= deadline) return unreachable();
      const wait = clock.monotonic() < deadline ? EXIT_POLL_MS : EXIT_SLOW_POLL_MS;
      await new Promise<void>((resolve) => void clock.setTimer(wait, resolve));
    }
  };

  const link = createMonitorLink(target.monitors, {
    access,
    clock,
    hooks: {
      onUp(client) {
        exists = true;
        sleptToDisk = false;
        ending = null;
        support = null;
        client.onEvent((event) => onEvent(client, event));
        begin(client);
      },
      onDown() {
        emit({ kind: 'standing' });
        if (target.pid === null) return;
        const watch = awaitExit(target.pid).finally(() => {
          if (exiting === watch) exiting = null;
        });
        exiting = watch;
      },
      onUnreachable(failures) {
        const { pid } = target;
        if (pid === null && failures.length > 0 && failures.every(nobodyListens)) {
          if (exists) ended();
        } else if (!exiting && (exists || pid === null)) {
          exists = true;
          unreachable();
          if (pid !== null) void endIfGone(pid);
        }
        emit({ kind: 'standing' });
      },
    },
  });

  const machineType = (): string | null => support?.machineType ?? target.machineType;

  const clientOrRefuse = (): QmpClient => {
    if (link.client) return link.client;
    throw new RefusedError({
      code: 'no-control',
      message: link.control.status === 'unavailable' ? link.control.reason : 'Its monitor is not connected.',
      remedy: link.control.status === 'unavailable' ? link.control.remedy : 'Try again in a moment.',
    });
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
      const { client } = link;
      if (!client) return link.retryNow();
      await meeting;
      await unlessDown(look(client, 'query', 'unknown'));
    },
    async lookAtAgent(timeoutMs) {
      const { client } = link;
      if (client) await unlessDown(lookAtPort(client, timeoutMs));
      return agent.status;
    },
    perform: async (action) => perform(action, { client: clientOrRefuse(), agent, state: state.name }),
    setClock: () => agent.talk((talk) => setGuestClock(talk, clock)),
    readBootId: () => agent.talk(readBootId),
    facts: () => readFacts(link.client, agent, machineType()),
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

const NOBODY_LISTENS = 'Nothing listens at its monitor’s address.';
const ENDED_UNSEEN = 'Its QEMU process has ended; how is not known.';

const nobodyListens = (error: unknown): boolean =>
  error instanceof DialError && (error.code === 'missing' || error.code === 'refused');
