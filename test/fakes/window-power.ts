import type { Api } from '../../preload/contract/api';
import type { CommandValue } from '../../preload/contract/commands';
import type { Availability, GuestView, HostPowerView, Snapshot } from '../../preload/contract/view';
import type { AlarmHolder, HolderChoice, SleepName } from '../../preload/contract/vocabulary';
import { guestName } from '../../renderer/text';
import { hostPower } from './views';
import type { CallsPort } from './window-plans';

/** The calls about holders, hosts' own sleep, settings and the end of the app, without a main process. */

type PowerCalls = Pick<Api, 'offerHolders' | 'sleepHost' | 'wakeHost' | 'changeSettings' | 'answerQuit' | 'lookForUpdate' | 'installUpdate'>;
type Offer = CommandValue<'offerHolders'>[number];

const ok = <T>(value: T): Promise<{ ok: true; value: T }> => Promise.resolve({ ok: true, value });
const can: Availability = { available: true };

/** Who could keep a guest's alarm, most durable first. */
export function holdersOf(view: Snapshot, guest: GuestView, action: SleepName): Offer[] {
  const host = view.hosts[guest.hostId];
  const byGuest: Availability =
    action !== 'suspend'
      ? { available: false, reason: 'A guest’s clock can wake it from Sleep only.' }
      : guest.agent.status === 'answering'
        ? can
        : { available: false, reason: 'Its agent does not answer.', remedy: 'Start qemu-guest-agent in the guest.' };
  const byHost: Availability =
    host === undefined || host.simulated
      ? { available: false, reason: 'The demo’s host keeps no alarms.' }
      : can;
  return [
    {
      holder: 'guest',
      name: 'its own clock (RTC)',
      survives: 'Wakes it also when Reveille is closed, this computer is off, and the network is gone.',
      availability: byGuest,
    },
    {
      holder: 'host',
      name: `a systemd timer on ${host?.name ?? 'its host'}`,
      survives: 'Wakes it also when Reveille is closed. It does not survive a restart of the host.',
      availability: byHost,
    },
    { holder: 'app', name: 'Reveille', survives: 'Wakes it as long as Reveille runs and its host can be reached.', availability: can },
  ];
}

/** Who keeps it, when this was chosen. */
export function holderFor(view: Snapshot, guest: GuestView, action: SleepName, choice: HolderChoice): AlarmHolder {
  if (choice !== 'auto') return choice;
  return holdersOf(view, guest, action).find(({ availability }) => availability.available)?.holder ?? 'app';
}

export interface PowerCallsPort extends CallsPort {
  /** The due instant of what was typed; null: not understood. */
  readDue(text: string): number | null;
}

export function powerCalls({ current, patch, takeRefusal, timing, readDue }: PowerCallsPort): PowerCalls {
  const setPower = (hostId: string, power: HostPowerView): void => {
    const host = current().hosts[hostId];
    if (host === undefined) return;
    const link = power.state === 'awake' ? ({ kind: 'ready' } as const) : ({ kind: 'offline' } as const);
    patch({ hosts: { [hostId]: { ...host, link, power } } });
  };
  const wake = (hostId: string, mac: string | null): void => {
    const busy: Availability = { available: false, reason: 'The host is waking.' };
    setPower(hostId, hostPower({ state: 'waking', since: timing.now(), sleep: busy, wake: busy, mac }));
    timing.after(timing.actionMs, () => setPower(hostId, hostPower({ since: timing.now(), mac })));
  };
  const unknownHost = () =>
    Promise.resolve({ ok: false as const, refusal: { code: 'unknown-host', message: 'This host is not on the list any more.' } });
  return {
    offerHolders({ guestId, action }) {
      const guest = current().guests[guestId];
      if (guest === undefined) {
        return Promise.resolve({ ok: false, refusal: { code: 'unknown-guest', message: 'This guest is not on the list any more.' } });
      }
      return ok(holdersOf(current(), guest, action));
    },
    sleepHost({ hostId, for: text }) {
      const refused = takeRefusal();
      if (refused !== null) return Promise.resolve(refused);
      const power = current().hosts[hostId]?.power ?? null;
      if (power === null) return unknownHost();
      const wakesAt = text.trim() === '' ? null : readDue(text);
      if (wakesAt === null && text.trim() !== '') {
        const refusal = { code: 'not-a-time', message: 'This is not a time.', remedy: 'Write it as “8 h”, “90 min” or “until 07:00”.' };
        return Promise.resolve({ ok: false, refusal });
      }
      const { mac } = power;
      const busy: Availability = { available: false, reason: 'The host is falling asleep.' };
      setPower(hostId, hostPower({ state: 'falling-asleep', since: timing.now(), wakesAt, sleep: busy, wake: busy, mac }));
      timing.after(timing.actionMs, () => {
        setPower(hostId, hostPower({ state: 'asleep', since: timing.now(), wakesAt, mac }));
        if (wakesAt !== null) timing.after(wakesAt - timing.now(), () => wake(hostId, mac));
      });
      return ok({ accepted: true as const });
    },
    wakeHost({ hostId }) {
      const refused = takeRefusal();
      if (refused !== null) return Promise.resolve(refused);
      const power = current().hosts[hostId]?.power ?? null;
      if (power === null) return unknownHost();
      wake(hostId, power.mac);
      return ok({ accepted: true as const });
    },
    changeSettings({ notifications, startAtLogin, updates }) {
      const refused = takeRefusal();
      if (refused !== null) return Promise.resolve(refused);
      const { app } = current();
      const { settings } = app;
      patch({
        app: {
          ...app,
          settings: {
            ...settings,
            notifications: notifications ?? settings.notifications,
            startAtLogin: startAtLogin ?? settings.startAtLogin,
            updates: updates === undefined ? settings.updates : updates,
          },
        },
      });
      return ok({});
    },
    lookForUpdate() {
      const refused = takeRefusal();
      if (refused !== null) return Promise.resolve(refused);
      patch({ app: { ...current().app, update: { kind: 'ready', version: '9.9.9' } } });
      return ok({});
    },
    installUpdate: () => ok({}),
    answerQuit({ promptId }) {
      patch({ prompts: { [promptId]: null } });
      return ok({});
    },
  };
}

/** What a quit question would list: the alarms that need the app, by due instant. */
export const alarmsOfTheApp = (view: Snapshot): { guestId: string; name: string; due: number }[] =>
  Object.values(view.guests)
    .flatMap((guest) => (guest.alarm?.holder === 'app' ? [{ guestId: guest.id, name: guestName(guest.name), due: guest.alarm.due }] : []))
    .sort((a, b) => a.due - b.due);
