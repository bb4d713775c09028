import type { Clock } from '../../clock';
import type { Cause, PowerStateName } from '../../power/states';
import type { DomainStatus } from '../../protocols/libvirt/domain-states';
import type { LibvirtEvent } from '../../protocols/libvirt/events';
import type { Daemon, Domain, DomainNews, DomainRecord } from './model';
import { createObserved } from './observed';
import { stateAfter, stateOf } from './states';

export type DomainEvent = Exclude<LibvirtEvent, { kind: 'connection-closed' | 'unreadable' }>;

/** The daemon's handle of a domain. */
export interface TrackedDomain extends Domain {
  /** Grows with every event that touches the state, so that a slower answer cannot overwrite newer news. */
  readonly news: number;
  heard(event: DomainEvent): void;
  /** Everything that a listing tells but the state. */
  listed(record: DomainRecord): void;
  /** libvirt was asked when `news` was `asOf`. */
  told(status: DomainStatus, saved: boolean, asOf: number): void;
  /** QEMU itself was asked, as libvirt's answer may be from before it was away. */
  toldByQemu(name: PowerStateName, status: DomainStatus, asOf: number): void;
  /** It is not defined any more, and how it ended was not heard where it ran. */
  gone(): void;
  /** Nobody can see it now. */
  unseen(why: string): void;
  connected(): void;
}

/** A restart of the guest, its agent and a new definition leave the state that was asked for as it was. */
const touchesState = (event: DomainEvent): boolean =>
  event.kind === 'lifecycle'
    ? event.event !== 'defined' && event.event !== 'undefined'
    : event.kind !== 'agent' && event.kind !== 'reboot';

export function trackDomain(daemon: Daemon, first: DomainRecord, clock: Clock): TrackedDomain {
  const listeners = new Set<(news: DomainNews) => void>();
  const observed = createObserved(clock, 'It has not been asked yet.');
  let record = first;
  let active = first.domain.id !== -1;
  let news = 0;
  let sleptToDisk = false;
  let endedBy: Cause | null = null;
  let outOfStep = false;

  const emit = (what: DomainNews) => {
    for (const listener of [...listeners]) listener(what);
  };

  const become = (...args: Parameters<typeof observed.become>) => {
    if (observed.become(...args)) emit({ kind: 'state', state: observed.state });
  };

  const told: TrackedDomain['told'] = (status, saved, asOf) => {
    if (news !== asOf) return;
    outOfStep = false;
    const wasActive = active;
    active = status.state !== 'shutoff';
    if (active !== wasActive) emit({ kind: 'definition' });
    const { name, cause, detail } = stateOf(status, saved);
    // That it is shut off says nothing new of a guest that was seen to hibernate.
    const orderly = status.state === 'shutoff' && ['shutdown', 'unknown', 'daemon'].includes(status.reason);
    if (orderly && name === 'off' && observed.state.name === 'hibernated') return;
    // On its way to S4, libvirt calls it pmsuspended, too.
    if (name === 'suspended' && sleptToDisk) return;
    become(name, 'query', cause, detail);
  };

  const lifecycle = (event: Extract<DomainEvent, { kind: 'lifecycle' }>) => {
    // What libvirt tells by an event, it knows.
    if (event.event !== 'defined' && event.event !== 'undefined') outOfStep = false;
    const next = stateAfter(event, { sleptToDisk, endedBy, ran: active });
    switch (event.event) {
      case 'resumed':
        sleptToDisk = false;
        break;
      case 'started':
        if (event.detail === 'wakeup') break;
        sleptToDisk = false;
        endedBy = null;
        active = true;
        emit({ kind: 'definition' });
        break;
      case 'pmsuspended':
        if (event.detail === 'disk') sleptToDisk = true;
        break;
      case 'shutdown':
        endedBy = event.detail === 'guest' ? 'guest' : event.detail === 'host' ? 'host' : null;
        break;
      case 'stopped':
        active = false;
        break;
      case 'defined':
        return emit({ kind: 'definition' });
      default:
        break;
    }
    if (next) become(next.name, 'event', next.cause, next.detail);
    if (event.event === 'stopped') emit({ kind: 'definition' });
  };

  return {
    daemon,
    get ref() {
      return record.domain;
    },
    get record() {
      return record;
    },
    get state() {
      return observed.state;
    },
    get active() {
      return active;
    },
    get sleptToDisk() {
      return sleptToDisk;
    },
    get outOfStep() {
      return outOfStep;
    },
    get news() {
      return news;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    heard(event) {
      if (touchesState(event)) news += 1;
      if (event.domain.name !== record.domain.name) record = { ...record, domain: event.domain };
      switch (event.kind) {
        case 'lifecycle':
          return lifecycle(event);
        case 'pmsuspend':
          return become('suspended', 'event', 'guest');
        case 'pmsuspend-disk':
          sleptToDisk = true;
          return;
        case 'pmwakeup':
          return become('running', 'event', 'unknown');
        case 'reboot':
          sleptToDisk = false;
          return emit({ kind: 'reset' });
        case 'agent':
          return emit({ kind: 'agent', connected: event.state === 'connected' });
        case 'control-error':
          return become('unknown', 'event', 'host', 'libvirt lost its connection to this guest’s QEMU.');
      }
    },
    listed(next) {
      record = next;
    },
    told,
    toldByQemu(name, status, asOf) {
      if (news !== asOf) return;
      outOfStep = stateOf(status, false).name !== name;
      if (!outOfStep) return told(status, false, asOf);
      become(
        name,
        'query',
        'unknown',
        name === 'running'
          ? 'libvirt takes it for sleeping: it woke while libvirt was away. Pause and resume it to set that right.'
          : 'It fell asleep while libvirt was away.',
      );
    },
    gone() {
      news += 1;
      const ran = active;
      active = false;
      if (ran) become('off', 'inference', 'unknown', 'It is not defined any more; how it ended is not known.');
    },
    unseen(why) {
      news += 1;
      // It may be started, or wake, before anybody sees it again.
      sleptToDisk = false;
      endedBy = null;
      outOfStep = false;
      become('unknown', 'inference', 'unknown', why);
      emit({ kind: 'connection' });
    },
    connected: () => emit({ kind: 'connection' }),
  };
}
