import type { Api } from '../../preload/contract/api';
import type { Refusal } from '../../preload/contract/commands';
import type { Actor, HistoryEntry } from '../../preload/contract/timeline';
import type { GuestView, Patch, Snapshot } from '../../preload/contract/view';
import type { ActionName, HolderChoice, PowerStateName } from '../../preload/contract/vocabulary';
import type { FakeScreen } from './screens';
import { actionsIn, alarmView, demoHost, factsOf, guestView, outOfReach } from './views';
import { detailCalls } from './window-detail';
import type { ExportPlan } from './window-history';
import { historyCalls } from './window-history';
import { hostCalls } from './window-hosts';
import { planCalls } from './window-plans';
import { holderFor, powerCalls } from './window-power';

/**
 * window.api without a main process: it holds a snapshot, answers every call, and carries actions out after a while
 * by patches. For developing and testing the window only: nothing of it is a power rule.
 */
export interface FakeApi {
  api: Api;
  current(): Snapshot;
  /** Sends one patch; the revision is counted here. */
  patch(change: Omit<Patch, 'epoch' | 'revision'>): void;
  /** Every call, in order. */
  calls: { name: string; args: unknown }[];
  /** The next call that sets or changes something (a power state, a host, a schedule, a setting...), tests a host, answers a secret or exports is refused with this. */
  refuseNext(refusal: Refusal): void;
  /** What a guest's screen shows from now on. */
  setScreen(guestId: string, screen: FakeScreen): void;
  /** As when a notification about this guest is clicked. */
  reveal(guestId: string): void;
  /** What the user chooses when asked where to export to; null: cancelled. */
  setExportPath(path: string | null): void;
}

export interface FakeTiming {
  /** How long an action takes, in ms. */
  actionMs: number;
  now: () => number;
  after: (ms: number, task: () => void) => void;
}

const outcome: Record<ActionName, PowerStateName> = {
  suspend: 'suspended',
  hibernate: 'hibernated',
  hybrid: 'suspended',
  wakeup: 'running',
  pause: 'paused',
  resume: 'running',
  shutdown: 'off',
  reboot: 'running',
  poweroff: 'off',
  reset: 'running',
  start: 'running',
  save: 'saved',
  discard: 'off',
};

const ok = <T>(value: T): { ok: true; value: T } => ({ ok: true, value });
const no = (code: string, message: string, remedy?: string): { ok: false; refusal: Refusal } => ({
  ok: false,
  refusal: { code, message, ...(remedy === undefined ? {} : { remedy }) },
});

const unitMs: Record<string, number> = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** Much less than main's parser: "8 h", "for 90 min", "until 07:00". Null: not understood. */
export function readRoughly(text: string, now: number): { due: number; ms: number } | null {
  const span = /^(?:for )?(\d+) ?(s|min|h|d)$/.exec(text.trim());
  const size = unitMs[span?.[2] ?? ''];
  if (span !== null && size !== undefined) {
    const ms = Number(span[1]) * size;
    return { due: now + ms, ms };
  }
  const clock = /^until (\d\d):(\d\d)$/.exec(text.trim());
  if (clock === null) return null;
  const at = new Date(now);
  at.setHours(Number(clock[1]), Number(clock[2]), 0, 0);
  if (at.getTime() <= now) at.setDate(at.getDate() + 1);
  return { due: at.getTime(), ms: at.getTime() - now };
}

const notRead = no('not-a-time', 'This is not a time.', 'Write it as “8 h”, “90 min” or “until 07:00”.');

export function fakeApi(start: Snapshot, timing: FakeTiming): FakeApi {
  let view = start;
  let refusal: Refusal | null = null;
  const listeners = new Set<(patch: Patch) => void>();
  const revealed = new Set<(guestId: string) => void>();
  const calls: FakeApi['calls'] = [];
  const history = new Map<string, HistoryEntry[]>();

  const apply = <T>(record: Record<string, T>, change: Record<string, T | null> | undefined): Record<string, T> =>
    Object.fromEntries(
      Object.entries({ ...record, ...change }).flatMap(([id, value]) => (value === null ? [] : [[id, value]])),
    );
  const patch: FakeApi['patch'] = (change) => {
    const revision = view.revision + 1;
    view = {
      ...view,
      revision,
      app: change.app ?? view.app,
      hosts: apply(view.hosts, change.hosts),
      guests: apply(view.guests, change.guests),
      notices: apply(view.notices, change.notices),
      prompts: apply(view.prompts, change.prompts),
      tests: apply(view.tests, change.tests),
      schedules: apply(view.schedules, change.schedules),
      groups: apply(view.groups, change.groups),
      runs: apply(view.runs, change.runs),
      graces: apply(view.graces, change.graces),
    };
    const sent: Patch = { ...change, epoch: view.epoch, revision };
    for (const listener of listeners) listener(structuredClone(sent));
  };
  const change = (id: string, edit: (guest: GuestView) => GuestView): void => {
    const guest = view.guests[id];
    if (guest !== undefined) patch({ guests: { [id]: edit(guest) } });
  };
  const note = (guest: GuestView, text: string, kind: HistoryEntry['kind'], actor: Actor): void => {
    const entries = history.get(guest.id) ?? [];
    history.set(guest.id, [...entries, { at: timing.now(), kind, text, actor, failed: false }]);
  };
  const settle = (id: string, action: ActionName, alarm: GuestView['alarm'], actor: Actor): void =>
    change(id, (guest) => {
      const name = outcome[action];
      note(guest, `Now ${name}.`, 'state', actor);
      return {
        ...guest,
        pending: null,
        alarm,
        state: { name, since: timing.now(), source: 'event', cause: actor.kind === 'alarm' ? 'timer' : 'user' },
        actions: actionsIn(name, guest.manager),
        historyRevision: guest.historyRevision + 1,
      };
    });
  const armed = (id: string, action: ActionName, text: string | undefined, choice: HolderChoice): GuestView['alarm'] => {
    const when = text === undefined ? null : readRoughly(text, timing.now());
    const guest = view.guests[id];
    if (when === null || guest === undefined || (action !== 'suspend' && action !== 'hibernate' && action !== 'hybrid')) return null;
    const holder = holderFor(view, guest, action, choice);
    return alarmView({ id: `alarm-${id}`, holder, action, due: when.due, ...(holder === 'guest' ? { change: outOfReach } : {}) });
  };
  const byUser: Actor = { kind: 'user' };
  const act = (
    guestId: string,
    action: ActionName,
    more: { for?: string | undefined; alarm?: HolderChoice | undefined; startAccepted?: boolean | undefined },
    done: () => void,
  ): void => {
    change(guestId, (now) => {
      note(now, `Asked: ${action}.`, 'action', byUser);
      return {
        ...now,
        pending: { action, since: timing.now(), queued: 0 },
        start: now.start === null ? null : { ...now.start, accepted: now.start.accepted || more.startAccepted === true },
        historyRevision: now.historyRevision + 1,
      };
    });
    timing.after(timing.actionMs, () => {
      settle(guestId, action, armed(guestId, action, more.for, more.alarm ?? 'auto'), byUser);
      wakeWhenDue(guestId);
      done();
    });
  };
  const wakeWhenDue = (id: string): void => {
    const alarm = view.guests[id]?.alarm ?? null;
    if (alarm === null || alarm.phase === 'retrying') return;
    timing.after(alarm.due - timing.now(), () => {
      if (view.guests[id]?.alarm?.due === alarm.due) settle(id, 'wakeup', null, { kind: 'alarm', holder: alarm.holder });
      else wakeWhenDue(id);
    });
  };
  const guestOf = (alarmId: string) => Object.values(view.guests).find((guest) => guest.alarm?.id === alarmId);
  const takeRefusal = (): { ok: false; refusal: Refusal } | null => {
    const taken = refusal;
    refusal = null;
    return taken === null ? null : { ok: false, refusal: taken };
  };
  const unknownGuest = no('no-such-guest', 'This guest is not in the list any more.');
  const nothing = Promise.resolve(ok({}));
  const openDemo = (): void =>
    patch({
      app: { ...view.app, demo: 'open' },
      hosts: { demo: demoHost },
      guests: Object.fromEntries(
        ['demo-db', 'demo-nas', 'demo-web'].map((id) => [id, guestView({ id, hostId: 'demo' })]),
      ),
    });
  const closeDemo = (): void =>
    patch({
      app: { ...view.app, demo: 'closed' },
      hosts: { demo: null },
      guests: Object.fromEntries(
        Object.values(view.guests).flatMap((guest) => (guest.hostId === 'demo' ? [[guest.id, null]] : [])),
      ),
    });

  const port = { current: () => view, patch, takeRefusal, timing };
  const detail = detailCalls(port);
  const exported: ExportPlan = { path: '/home/me/reveille-history.csv' };
  const api: Api = {
    onPatch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onReveal(listener) {
      revealed.add(listener);
      return () => revealed.delete(listener);
    },
    getSnapshot: () => Promise.resolve(ok(structuredClone(view))),
    setPowerState(args) {
      if (view.guests[args.guestId] === undefined) return Promise.resolve(unknownGuest);
      const refused = takeRefusal();
      if (refused !== null) return Promise.resolve(refused);
      act(args.guestId, args.action, args, () => undefined);
      return Promise.resolve(ok({ accepted: true as const }));
    },
    refreshGuest: () => nothing,
    readWhen({ text }) {
      const when = readRoughly(text, timing.now());
      if (text.trim() === '') return Promise.resolve(ok({ due: null, ms: null }));
      return Promise.resolve(when === null ? notRead : ok(when));
    },
    moveAlarm({ alarmId, to }) {
      const guest = guestOf(alarmId);
      if (guest === undefined || guest.alarm === null) return Promise.resolve(no('no-alarm', 'This alarm is gone.'));
      const { change: can } = guest.alarm;
      if (!can.available) return Promise.resolve(no('alarm-out-of-reach', can.reason, can.remedy));
      const step = /^([+-]) ?(.*)$/.exec(to.trim());
      const when = readRoughly(step?.[2] ?? to, timing.now());
      if (when === null) return Promise.resolve(notRead);
      const due = step === null ? when.due : guest.alarm.due + (step[1] === '+' ? when.ms : -when.ms);
      const alarm = { ...guest.alarm, due };
      change(guest.id, (now) => ({ ...now, alarm }));
      return Promise.resolve(ok({ due }));
    },
    cancelAlarm({ alarmId }) {
      const guest = guestOf(alarmId);
      const can = guest?.alarm?.change;
      if (can?.available === false) return Promise.resolve(no('alarm-out-of-reach', can.reason, can.remedy));
      if (guest !== undefined) change(guest.id, (now) => ({ ...now, alarm: null }));
      return nothing;
    },
    guestFacts({ guestId }) {
      const guest = view.guests[guestId];
      return Promise.resolve(guest === undefined ? unknownGuest : ok(factsOf(guest, timing.now())));
    },
    guestHistory: ({ guestId }) => Promise.resolve(ok(history.get(guestId) ?? [])),
    addGuest({ name, qmp }) {
      if (qmp.trim() === '') {
        return Promise.resolve(no('no-qmp', 'A QMP address is needed.', 'It is what follows -qmp on QEMU’s command line.'));
      }
      const id = `added-${name}`;
      patch({ guests: { [id]: guestView({ id, name, removable: true }) } });
      return Promise.resolve(ok({ guestId: id }));
    },
    removeGuest({ guestId }) {
      patch({ guests: { [guestId]: null } });
      return nothing;
    },
    dismissNotice({ noticeId }) {
      patch({ notices: { [noticeId]: null } });
      return nothing;
    },
    ...detail.calls,
    ...hostCalls(port),
    ...planCalls({ ...port, act }),
    ...powerCalls({ ...port, readDue: (text) => readRoughly(text, timing.now())?.due ?? null }),
    ...historyCalls(port, (guestId) => history.get(guestId) ?? [], exported),
    openDemo() {
      patch({ app: { ...view.app, demo: 'opening' } });
      timing.after(timing.actionMs, openDemo);
      return nothing;
    },
    closeDemo() {
      closeDemo();
      return nothing;
    },
  };
  const recorded = Object.fromEntries(
    Object.entries(api).map(([name, run]) => [
      name,
      name === 'onPatch' || name === 'onReveal'
        ? run
        : (args: never) => {
            calls.push({ name, args: structuredClone(args) });
            return (run as (args: never) => unknown)(args);
          },
    ]),
  ) as unknown as Api;
  for (const id of Object.keys(view.guests)) wakeWhenDue(id);
  return {
    api: recorded,
    current: () => view,
    patch,
    calls,
    setScreen: detail.setScreen,
    reveal: (guestId) => {
      for (const listener of revealed) listener(guestId);
    },
    setExportPath: (path) => {
      exported.path = path;
    },
    refuseNext: (next) => {
      refusal = next;
    },
  };
}
