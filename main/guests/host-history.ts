import type { Clock } from '../clock';
import type { History } from '../history/history';
import type { GuestHost } from '../hosts/host';
import { byNobodyKnown, byUser } from '../power/actor';
import { formatDuration } from '../power/durations';

/** A connection that is back sooner is not worth an entry, in ms; the timeline has it all the same. */
const LOST_AFTER_MS = 30_000;
const HOUR_MS = 3_600_000;
/** A connection that comes and goes fills the history no faster than this. */
const LOSSES_AN_HOUR = 6;

/** Keeps when hosts could be reached, in their history. */
export interface HostHistory {
  /** Looks at the host's link, which may have changed. */
  look(host: GuestHost): void;
  forget(hostId: string): void;
  stop(): void;
}

interface Seen {
  readonly reach: 'up' | 'down' | 'off';
  /** Since when, in ms since the epoch. */
  readonly since: number;
  /** It was connected to since the app was started. */
  readonly wasUp: boolean;
  /** The loss has an entry. */
  noted: boolean;
  cancelNote(): void;
}

export function createHostHistory({ clock, history }: { readonly clock: Clock; readonly history: History }): HostHistory {
  const hosts = new Map<string, Seen>();
  /** When losses were noted, by host. */
  const losses = new Map<string, readonly number[]>();

  /** It is not looked at because it sleeps, as was seen. */
  const isAsleep = (id: string) => history.last(id) === 'suspended';

  const noteLoss = (host: GuestHost, seen: Seen) => {
    const { id } = host;
    if (isAsleep(id)) return;
    seen.noted = true;
    if (seen.reach === 'off') {
      history.add(id, { kind: 'state', text: 'Switched off in Reveille.', actor: byUser, failed: false, at: seen.since });
      return;
    }
    const recent = (losses.get(id) ?? []).filter((at) => clock.now() - at < HOUR_MS);
    if (recent.length === LOSSES_AN_HOUR) {
      seen.noted = false;
      return;
    }
    losses.set(id, [...recent, clock.now()]);
    const text = [
      seen.wasUp ? 'The connection was lost.' : 'It could not be connected to.',
      ...reasonOf(host),
      ...(recent.length === LOSSES_AN_HOUR - 1 ? ['It comes and goes: losses are not noted one by one for an hour.'] : []),
    ].join(' ');
    history.add(id, { kind: 'error', text, actor: byNobodyKnown, failed: true, at: seen.since });
  };

  const up = (id: string, before: Seen | undefined) => {
    const now = clock.now();
    hosts.set(id, { reach: 'up', since: now, wasUp: true, noted: false, cancelNote: () => undefined });
    history.state(id, { name: 'running', source: 'event', cause: 'unknown' });
    if (!before?.noted) return;
    const text = before.wasUp ? `Connected again, after ${formatDuration(now - before.since)}.` : 'Connected.';
    history.add(id, { kind: 'state', text, actor: byNobodyKnown, failed: false });
  };

  const away = (host: GuestHost, reach: 'down' | 'off', before: Seen | undefined) => {
    const wasUp = before?.wasUp ?? false;
    const since = before?.reach === 'up' ? Math.min(host.link?.lastReady ?? clock.now(), clock.now()) : (before?.since ?? clock.now());
    const noted = reach === 'down' && before?.noted === true;
    const seen: Seen = { reach, since, wasUp, noted, cancelNote: () => undefined };
    // What is switched off from the beginning was so before.
    const isNews = !noted && (reach === 'down' || before !== undefined);
    const cancelNote = isNews ? clock.setTimer(LOST_AFTER_MS, () => noteLoss(host, seen)) : seen.cancelNote;
    hosts.set(host.id, Object.assign(seen, { cancelNote }));
    if (!isAsleep(host.id)) history.state(host.id, { name: 'unknown', source: 'inference', cause: 'unknown' }, since);
  };

  return {
    look(host) {
      const before = hosts.get(host.id);
      const reach = reachOf(host);
      if (before?.reach === reach) return;
      before?.cancelNote();
      if (reach === 'up') up(host.id, before);
      else away(host, reach, before);
    },
    forget(hostId) {
      hosts.get(hostId)?.cancelNote();
      hosts.delete(hostId);
      losses.delete(hostId);
    },
    stop() {
      for (const { cancelNote } of hosts.values()) cancelNote();
    },
  };
}

const reachOf = ({ link }: GuestHost): Seen['reach'] => {
  switch (link?.state.kind) {
    case undefined:
    case 'ready':
      return 'up';
    case 'offline':
      return 'off';
    case 'connecting':
    case 'backoff':
    case 'blocked':
      return 'down';
  }
};

const reasonOf = ({ link }: GuestHost): string[] =>
  link?.state.kind === 'backoff' || link?.state.kind === 'blocked' ? [link.state.reason] : [];
