import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock';
import { isDomain, type Listed } from '../hosts/listed';
import type { History } from '../history/history';
import type { LinkState } from '../hosts/ssh/link';
import type { Machine, MachineEvent } from '../hypervisors/machine';
import { goalOf, type Action } from '../power/actions';
import type { Control, Standing } from '../power/standing';
import { actorOf, causeOf, type Actor } from '../power/actor';
import { isEnded, stateLabels, type PowerState } from '../power/states';
import { concluded, endUnseen, type Past } from './conclude';
import { createQueue, type SerialQueue } from './queue';
import { described, type Remembered } from './remembered';

/** The action under way. */
export interface Pending {
  readonly action: Action;
  readonly since: number;
  readonly by: Actor;
}

/** One guest: what is remembered of it, the machine while there is one, and the queue of what is asked of it. */
export interface Guest {
  readonly id: string;
  readonly hostId: string;
  readonly remembered: Remembered;
  readonly found: Listed | null;
  readonly machine: Machine | null;
  readonly state: PowerState;
  readonly pending: Pending | null;
  readonly queue: SerialQueue;
  /** How often its host went out of reach: whoever waits for something to be seen need wait no longer. */
  readonly losses: number;
  standing(): Standing;
  /** The host lists the guest's process; `machine` is new when the process is. */
  attach(found: Listed, machine: Machine): void;
  /** The host's listing names a process that cannot be controlled, with the reason in `control`. */
  attachUncontrolled(found: Listed, control: Control): void;
  /** Whether its host still has it could not be asked. */
  unasked(control: Control): void;
  /** The host's listing does not name the guest (any more). */
  absent(): void;
  /** A machine that is known by its address alone. */
  attachManual(machine: Machine): void;
  /** The connection to its host became another. */
  reachChanged(): void;
  setPending(pending: Pending | null): void;
  /** Grows when what is under way is given up for something that cannot wait. */
  readonly generation: number;
  /** Gives up waiting for what is under way, so that the next in the queue has its turn. */
  supersede(): void;
  remember(change: Partial<Remembered>): void;
  note(entry: Parameters<History['add']>[1]): void;
  /** Calls `listener` after every change of what the guest shows. */
  subscribe(listener: (change: GuestChange) => void): () => void;
  close(): void;
}

export type GuestChange =
  /** A new state was observed, or the one that is shown turned out to be from another time. */
  | { readonly kind: 'state'; readonly state: PowerState; readonly before: PowerState }
  /** Its machine was reset: what was known of the system in it is over. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'other' };

export interface GuestOptions {
  readonly clock: Clock;
  readonly history: History;
  readonly remembered: Remembered;
  /** The connection to its host; null for a host that is always there. */
  readonly link: () => LinkState | null;
  /** When its host was last heard of, in ms since the epoch; null for a host that is always there. */
  readonly lastHeard: () => number | null;
  /** Who but this app's own doing brought the guest into a state that is seen; null when that is not known. */
  readonly broughtBy: (id: string, state: PowerState) => Actor | null;
  /** Keeps `remembered` after it has changed. */
  readonly onRemember: () => void;
}

export function createGuest({ clock, history, link, lastHeard, onRemember, ...options }: GuestOptions): Guest {
  let remembered = options.remembered;
  let found: Listed | null = null;
  let machine: Machine | null = null;
  let uncontrolled: Control | null = null;
  let unsubscribe = () => {};
  let pending: Pending | null = null;
  let generation = 0;
  let losses = 0;
  /** What the machine shows is from before its host went out of reach. */
  let stale = false;
  let state: PowerState = {
    name: 'unknown',
    since: null,
    source: 'inference',
    cause: 'unknown',
    detail: 'Its host is being looked at.',
  };
  const queue = createQueue();
  const listeners = new Set<(change: GuestChange) => void>();

  const emit = (change: GuestChange) => {
    for (const listener of [...listeners]) listener(change);
  };

  const remember = (change: Partial<Remembered>) => {
    remembered = { ...remembered, ...change };
    onRemember();
  };

  const note: Guest['note'] = (entry) => {
    history.add(remembered.id, entry);
    emit({ kind: 'other' });
  };

  const past = (): Past => ({
    last: remembered.last,
    hibernating: remembered.hibernating,
    ran: found !== null,
  });

  const observe = (shown: PowerState) => {
    const seen = concluded(shown, past(), state);
    const ours = pending !== null && expects(pending.action, seen.name);
    const other = pending === null ? options.broughtBy(remembered.id, seen) : null;
    const next: PowerState =
      ours && pending
        ? { ...seen, cause: causeOf(pending.by), since: seen.since ?? clock.now() }
        : other
          ? { ...seen, cause: causeOf(other) }
          : seen;
    const before = state;
    if (JSON.stringify(next) === JSON.stringify(before)) return;
    const lastKnown = before.name === 'unknown' ? remembered.last.name : before.name;
    state = next;
    if (next.name !== 'unknown')
      remember({ last: next, ...(next.name === 'running' ? {} : { hibernating: false }) });
    history.state(remembered.id, next, isAway() ? (lastHeard() ?? undefined) : undefined);
    if (next.name !== 'unknown' && next.name !== lastKnown && next.since !== null) {
      history.add(remembered.id, {
        kind: 'state',
        text: sentence(next),
        actor: ours && pending ? pending.by : (other ?? actorOf(next.cause)),
        failed: next.name === 'crashed',
      });
    }
    emit({ kind: 'state', state: next, before });
  };

  const isAway = () => awayFrom(link()) !== null;

  /** A machine that shows what it showed before tells nobody of it, so that it is asked. */
  const seeAgain = async () => {
    const asked = machine;
    if (!stale || !asked || isAway()) return;
    await asked.look();
    if (machine !== asked || isAway() || asked.control.status !== 'ready') return;
    show(asked.state);
  };

  /** What the machine shows now, where that was not heard of while its host was out of reach. */
  const show = (shown: PowerState) => {
    if (!stale || isAway()) return;
    stale = false;
    observe(shown);
  };

  const release = () => {
    unsubscribe();
    unsubscribe = () => {};
    machine?.close();
    machine = null;
  };

  const use = (next: Machine) => {
    release();
    uncontrolled = null;
    machine = next;
    stale = false;
    unsubscribe = next.subscribe((event: MachineEvent) => {
      switch (event.kind) {
        case 'state':
          if (isAway()) return;
          stale = false;
          return observe(event.state);
        case 'reset':
          remember({ bootId: null });
          return emit({ kind: 'reset' });
        case 'standing':
          if (next.control.status === 'ready') void seeAgain();
          // To look at a machine that cannot be reached is to try again at once, which would never end.
          else if (next.control.status === 'unavailable' && next.state.name === 'unknown') show(next.state);
          return emit({ kind: 'other' });
      }
    });
  };

  return {
    id: remembered.id,
    hostId: remembered.hostId,
    get remembered() {
      return remembered;
    },
    get found() {
      return found;
    },
    get machine() {
      return machine;
    },
    get state() {
      return state;
    },
    get pending() {
      return pending;
    },
    queue,
    get losses() {
      return losses;
    },
    standing() {
      const away = awayFrom(link());
      const startable = startableFrom(remembered, found);
      return {
        manager: remembered.manager,
        state: state.name,
        detail: state.detail,
        exists: away !== null || (machine ? machine.exists : uncontrolled !== null),
        control: away ?? machine?.control ?? uncontrolled ?? { status: 'connecting' },
        agent: machine?.agent ?? { status: 'unknown' },
        sleep: machine?.sleep ?? null,
        mended: machine?.mended ?? [],
        start: startable,
        vmid: found && !isDomain(found) ? found.vmid : undefined,
      };
    },
    attach(next, fresh) {
      const { recipe } = described(next);
      const same = isDeepStrictEqual(recipe, remembered.recipe);
      found = next;
      const { name, ...facts } = described(next);
      const manualName = remembered.manual !== null && remembered.name !== '';
      const change = { ...facts, ...(manualName ? {} : { name }), ...(same ? {} : { startAccepted: false }) };
      if (!isDeepStrictEqual({ ...remembered, ...change }, remembered)) remember(change);
      if (fresh !== machine) {
        use(fresh);
        // Another process: what the one before it showed says nothing of it.
        observe(fresh.state);
      }
      emit({ kind: 'other' });
    },
    attachUncontrolled(next, control) {
      if (!stale && isDeepStrictEqual([next, control], [found, uncontrolled])) return;
      release();
      stale = false;
      found = next;
      uncontrolled = control;
      const detail = control.status === 'unavailable' ? control.reason : undefined;
      observe({
        name: 'unknown',
        since: null,
        source: 'inference',
        cause: 'unknown',
        ...(detail ? { detail } : {}),
      });
      emit({ kind: 'other' });
    },
    unasked(control) {
      // A machine tells by itself that it cannot be reached.
      if (machine) return;
      uncontrolled = control;
      const detail = control.status === 'unavailable' ? control.reason : undefined;
      observe({ name: 'unknown', since: null, source: 'inference', cause: 'unknown', ...(detail ? { detail } : {}) });
      emit({ kind: 'other' });
    },
    attachManual(next) {
      found = null;
      use(next);
      if (!isEnded(state.name)) observe(next.state);
      emit({ kind: 'other' });
    },
    absent() {
      // What is still talked to is believed before a listing; what cannot be any more says so.
      if (machine?.exists && machine.control.status === 'ready') return void machine.look();
      machine?.unlisted();
      const final = machine && isEnded(machine.state.name) ? machine.state : null;
      release();
      uncontrolled = null;
      stale = false;
      observe(
        final
          ? { ...final, cause: state.name === final.name ? state.cause : final.cause }
          : endUnseen(past(), state),
      );
      found = null;
      emit({ kind: 'other' });
    },
    reachChanged() {
      const away = awayFrom(link());
      if (!away) void seeAgain();
      else {
        if (!stale) losses += 1;
        stale = true;
        observe({ name: 'unknown', since: null, source: 'inference', cause: 'unknown', detail: away.reason });
      }
      emit({ kind: 'other' });
    },
    setPending(next) {
      pending = next;
      emit({ kind: 'other' });
    },
    get generation() {
      return generation;
    },
    supersede() {
      generation += 1;
      emit({ kind: 'other' });
    },
    remember(change) {
      remember(change);
      emit({ kind: 'other' });
    },
    note,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      release();
      listeners.clear();
    },
  };
}

/** A guest that its host lists would be on the list again at once; one that was added by hand can be taken off it. */
export const isRemovable = ({ found, remembered }: Guest): boolean =>
  remembered.manual !== null || found === null;

/** Why nothing can be asked of a guest whose host cannot be reached now; null when it can. */
function awayFrom(link: LinkState | null): Extract<Control, { status: 'unavailable' }> | null {
  const away = (reason: string, remedy: string) => ({ status: 'unavailable', reason, remedy }) as const;
  switch (link?.kind) {
    case undefined:
    case 'ready':
      return null;
    case 'offline':
      return away('Its host is switched off in Reveille.', 'Enable the host.');
    case 'connecting':
      return away('Its host is being connected to.', 'Try again in a moment.');
    case 'backoff':
      return away('Its host is not connected.', 'Reveille tries again by itself; Connect now tries at once.');
    case 'blocked':
      return away('Its host is not connected.', link.remedy);
  }
}

/** Whether a state that is seen while `action` is under way is what it was meant to bring about. */
const expects = (action: Action, name: PowerState['name']): boolean =>
  goalOf[action] === name ||
  (action === 'start' && name === 'paused') ||
  (action === 'resume' && name === 'suspended');

function startableFrom({ manager, recipe, manual }: Remembered, found: Listed | null): Standing['start'] {
  if (manager === 'libvirt') return { kind: 'yes' };
  if (found && !isDomain(found) && found.owner === 'libvirt') {
    return { kind: 'no', reason: 'This guest belongs to libvirt.', remedy: 'Start it with libvirt.' };
  }
  if (!recipe) {
    return {
      kind: 'no',
      reason: 'How it is started is not known.',
      remedy: manual
        ? 'Remove it and add it again with its start command.'
        : 'Start it yourself; Reveille remembers the command.',
    };
  }
  if (recipe.notStartable) {
    return {
      kind: 'no',
      reason: recipe.notStartable,
      remedy: 'Start it yourself, the way it was started before.',
    };
  }
  return { kind: 'yes' };
}

const sentence = (state: PowerState): string =>
  state.detail ? `${stateLabels[state.name]}. ${state.detail}` : stateLabels[state.name];
