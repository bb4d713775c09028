import type { Member } from '../groups/member';
import { staggered } from '../groups/targets';
import { clockText } from '../power/local-time';
import { actorFor, companyOf, type Desk } from './desk';
import { nameOf, type Armed, type Schedule } from './model';

/** When the alarm is due that the schedule has set for this guest and the wake at `at`; null without one. */
export const armedFor = ({ armed }: Pick<Schedule, 'armed'>, guestId: string, at: number): number | null =>
  (armed?.at === at ? armed.guests.find((guest) => guest.guestId === guestId)?.due : null) ?? null;

/** `armed` with one more guest; those of another wake are over. */
export const alsoArmed = (armed: Armed | null, at: number, guest: Armed['guests'][number]): Armed => ({
  at,
  guests: [...(armed?.at === at ? armed.guests.filter(({ guestId }) => guestId !== guest.guestId) : []), guest],
});

/** Of the guests whose sleep had an alarm, those count no longer that were seen awake: if they sleep again, that is another sleep. */
export function forgetAwake({ ledger, targets }: Desk, { id, armed }: Schedule): void {
  const isUp = (guestId: string) => {
    const member = targets.member(guestId);
    // One that runs and has an alarm is still falling asleep.
    return member?.state().name === 'running' && member.alarmDue() === null;
  };
  const up = armed?.guests.filter(({ guestId }) => isUp(guestId)) ?? [];
  if (up.length === 0) return;
  void ledger.keep(id, (one) => {
    const guests = one.armed?.guests.filter(({ guestId }) => !up.some((guest) => guest.guestId === guestId)) ?? [];
    return { ...one, armed: one.armed && guests.length > 0 ? { ...one.armed, guests } : null };
  });
}

/** The schedule's wake is at another time now: moves the alarms that it has set, and says which could not be moved. */
export async function moveAlarms(desk: Desk, id: string, wake: number): Promise<void> {
  const { ledger } = desk;
  const schedule = ledger.find(id);
  if (!schedule?.armed) return;
  const { guests } = schedule.armed;
  const company = companyOf(desk, schedule);
  const later = staggered(company);
  // First, so that none is moved twice; one that is still set for the old time is known by that.
  await ledger.keep(id, (one) => ({ ...one, armed: one.armed && { ...one.armed, at: wake } }));
  const move = async (member: Member) => {
    const due = wake + (later.get(member.id) ?? 0);
    const before = guests.find(({ guestId }) => guestId === member.id)?.due;
    // Whoever has moved it since wanted that.
    if (before === undefined || member.alarmDue() !== before) return;
    const reason = before === due ? null : await member.moveAlarm(due, actorFor(schedule));
    if (reason !== null) return tellNotMoved(desk, schedule, member, { before, due, reason });
    desk.untell(id, member.id);
    await ledger.keep(id, (one) => ({
      ...one,
      armed: one.armed && {
        ...one.armed,
        guests: one.armed.guests.map((guest) => (guest.guestId === member.id ? { ...guest, due } : guest)),
      },
    }));
  };
  await Promise.all(company.members.map(({ member }) => move(member)));
}

function tellNotMoved(
  desk: Desk,
  { id, draft }: Schedule,
  member: Member,
  { before, due, reason }: { readonly before: number; readonly due: number; readonly reason: string },
): void {
  const [old, wanted] = [before, due].map((at) => clockText(at, desk.clock.now()));
  const holds = due < before ? `Reveille wakes it at ${wanted} itself, if it runs then.` : `It wakes at ${old} all the same.`;
  desk.tell(id, member.id, {
    guestId: member.id,
    severity: 'warning',
    title: `The alarm of ${member.name()} is still set for ${old}`,
    message: `The schedule “${nameOf(draft)}” now says ${wanted}, but the alarm could not be moved. ${reason} ${holds}`,
  });
}
