import { AlarmRefusedError } from '../alarms/runner';
import type { Clock } from '../clock';
import type { Verdict } from '../guests/confirm';
import type { Fleet } from '../guests/fleet';
import type { Guest } from '../guests/guest';
import type { PowerRequest } from '../guests/power-requests';
import type { Machine } from '../hypervisors/machine';
import type { Refusal } from '../power/actions';
import type { Actor } from '../power/actor';
import { endedAlready } from '../power/alarms';
import { isEnded, type PowerState } from '../power/states';
import { StorageError } from '../storage/errors';

/** What came of an action on one of several guests. */
export type Outcome =
  | { readonly kind: 'done' }
  /** There was nothing to do: it is not in a state for it. */
  | { readonly kind: 'skipped'; readonly text: string }
  /** `begun`: the guest was asked, so its fleet has told of it. */
  | { readonly kind: 'failed'; readonly refusal: Refusal; readonly begun: boolean };

/** A guest as groups and schedules see it. */
export interface Member {
  readonly id: string;
  readonly hostId: string;
  name(): string;
  state(): PowerState;
  /** When its alarm is due, in ms since the epoch; null without one. */
  alarmDue(): number | null;
  machine(): Machine | null;
  /** It can be woken from a hibernation: nobody has still to read the command that starts it. */
  startIsAccepted(): boolean;
  /** Resolves with what was observed of it in the end. Never rejects. */
  act(request: PowerRequest): Promise<Outcome>;
  /** Has its alarm wake it at `due`. @returns why it could not be moved, in sentences for the user; null when it was */
  moveAlarm(due: number, by: Actor): Promise<string | null>;
  /** Into its history. */
  note(text: string, actor: Actor): void;
}

export function memberOf(fleet: Fleet, guest: Guest): Member {
  return {
    id: guest.id,
    hostId: guest.hostId,
    name: () => guest.remembered.name,
    state: () => guest.state,
    alarmDue: () => fleet.alarmOf(guest.id)?.due ?? null,
    machine: () => guest.machine,
    startIsAccepted: () => guest.remembered.manager === 'libvirt' || guest.remembered.startAccepted,
    act: (request) =>
      new Promise((resolve) => {
        fleet
          .setPowerState(guest, request, (verdict) => resolve(observed(verdict)))
          .then(
            (refusal) => refusal && resolve(refused(refusal)),
            (error: unknown) => resolve(refused(faultOf(error))),
          );
      }),
    async moveAlarm(due, by) {
      const alarm = fleet.alarmOf(guest.id);
      if (!alarm) return endedAlready;
      try {
        await fleet.moveAlarm(alarm.id, { kind: 'to', due, basis: 'instant' }, by);
        return null;
      } catch (error) {
        if (error instanceof AlarmRefusedError || error instanceof StorageError) return error.message;
        throw error;
      }
    },
    note: (text, actor) => guest.note({ kind: 'action', text, actor, failed: false }),
  };
}

const observed = (verdict: Verdict): Outcome =>
  verdict.ok ? { kind: 'done' } : { kind: 'failed', refusal: verdict.refusal, begun: true };

const refused = (refusal: Refusal): Outcome =>
  refusal.code === 'wrong-state'
    ? { kind: 'skipped', text: inOne(refusal) }
    : { kind: 'failed', refusal, begun: false };

export const inOne = ({ message, remedy }: Refusal): string => (remedy ? `${message} ${remedy}` : message);

export const faultOf = (error: unknown): Refusal => ({
  code: 'fault',
  message: `Reveille met a fault of its own: ${error instanceof Error ? error.message : String(error)}`,
  remedy: 'Look at the state that is shown. If it happens again, report it.',
});

/** How long an agent may take to answer after its guest was woken or started, in ms. */
export const AGENT_WITHIN_MS = 2 * 60_000;
const LOOK_EVERY_MS = 500;
const PATIENCE_MS = 2_000;

/**
 * Waits until the guest runs, and its agent answers where it has a channel to one.
 * @returns null when it does, else why it is waited for no longer
 */
export async function awake(member: Member, clock: Clock, wanted: () => boolean): Promise<string | null> {
  const end = clock.monotonic() + AGENT_WITHIN_MS;
  for (;;) {
    const { name } = member.state();
    const machine = member.machine();
    if (isEnded(name)) return 'It ended again.';
    if (name === 'running' && machine) {
      if (!machine.hasAgentChannel) return null;
      const { status } = await machine.lookAtAgent(PATIENCE_MS);
      if (status === 'answering') return null;
    }
    if (!wanted()) return 'Reveille is closing.';
    if (clock.monotonic() >= end) {
      const limit = `within ${AGENT_WITHIN_MS / 60_000} min`;
      return name === 'running' ? `It runs, but its guest agent did not answer ${limit}.` : `It was not seen running ${limit}.`;
    }
    await new Promise<void>((resolve) => void clock.setTimer(LOOK_EVERY_MS, resolve));
  }
}
