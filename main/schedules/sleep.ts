import type { Member, Outcome } from '../groups/member';
import { staggered, type Placed } from '../groups/targets';
import { MIN_DURATION_MS } from '../power/durations';
import { beginningOf, type Half } from '../power/schedules';
import { alsoArmed } from './armed';
import { objection } from './conditions';
import { actorFor, companyOf, seen, type Desk } from './desk';
import { nameOf, type Schedule } from './model';

/** So late it is no longer what the schedule said, in ms: nobody could do it in time. */
export const LATE_MS = 60_000;

/**
 * Puts a schedule's guests to sleep, until the wake of `half` where it has one. Returns without having dealt with the half
 * when it was given up for something else: the schedule was changed, or its time passed in the grace period.
 * @param gently after the grace period that the schedule grants
 */
export async function putToSleep(desk: Desk, id: string, half: Half, gently: boolean): Promise<void> {
  const { clock, ledger, graces } = desk;
  const schedule = ledger.find(id);
  if (!schedule) return;
  const { draft } = schedule;
  const { wake } = half.of;
  const isOver = () => wake !== null && wake - clock.now() < MIN_DURATION_MS;
  const isWanted = () => !desk.isStopped() && ledger.find(id)?.draft === draft && ledger.find(id)?.paused === false;
  const dealtWith = (change: Partial<Schedule> = {}) =>
    ledger.keep(id, (now) => ({ ...now, doneUntil: Math.max(now.doneUntil, half.at), missed: null, ...change }));

  const company = companyOf(desk, schedule);
  if (company.problem !== null) {
    await dealtWith();
    return;
  }
  let ready = await unobjected(desk, schedule, company.members);
  if (ready.length > 0 && gently && draft.conditions.graceSeconds > 0) {
    if (!isWanted()) return;
    const at = Math.min(clock.now() + draft.conditions.graceSeconds * 1000, wake ?? Infinity);
    const guestIds = ready.map(({ member }) => member.id);
    const title = titleOf(company.name, ready);
    const end = await graces.begin(id, beginningOf(half.of), { title, reason: nameOf(draft), at, guestIds });
    if (end === 'dropped') return;
    if (end === 'cancelled') {
      await dealtWith();
      for (const { member } of ready) member.note('The sleep was cancelled in its grace period.', { kind: 'user' });
      return;
    }
    if (clock.now() - at > LATE_MS) return;
    ready = await unobjected(desk, schedule, ready);
  }
  if (!isWanted()) return;
  if (ready.length === 0 || isOver()) {
    await dealtWith();
    return;
  }
  const left = new Set(ready.map(({ member }) => member.id));
  const sleeping = () => (left.size > 0 ? { at: half.at, guestIds: [...left] } : null);
  if (!(await dealtWith({ sleeping: sleeping() }))) {
    await ledger.keep(id, (now) => ({ ...now, sleeping: null }));
    for (const { member } of ready) desk.tell(id, member.id, notKept(member, schedule));
    return;
  }
  const later = staggered(company);
  await Promise.all(
    ready.map(async ({ member }) => {
      const due = wake === null ? null : wake + (later.get(member.id) ?? 0);
      const outcome = await member.act({
        action: draft.action,
        when: due === null ? { kind: 'none' } : { kind: 'until', at: due, text: `the schedule “${nameOf(draft)}”` },
        startAccepted: false,
        by: actorFor(schedule),
        alarm: draft.holder,
      });
      told(desk, schedule, member, outcome);
      left.delete(member.id);
      const accepted = outcome.kind === 'done' || member.alarmDue() !== null;
      await ledger.keep(id, (now) => ({
        ...now,
        sleeping: sleeping(),
        armed: wake !== null && due !== null && accepted ? alsoArmed(now.armed, wake, { guestId: member.id, due }) : now.armed,
      }));
    }),
  );
}

/** Those that run (or cannot be seen, which is told when they are asked), and that nothing speaks against. */
async function unobjected(desk: Desk, schedule: Schedule, placed: readonly Placed[]): Promise<Placed[]> {
  const why = await Promise.all(
    placed.map(async ({ member }) => {
      await seen(member, desk);
      const { name } = member.state();
      if (name !== 'running') return name === 'unknown' ? null : 'not running';
      const reason = await objection(member, schedule.draft.conditions, desk.clock);
      if (reason !== null) heldOff(desk, schedule, member, reason);
      return reason;
    }),
  );
  return placed.filter((_, at) => why[at] === null);
}

function heldOff(desk: Desk, schedule: Schedule, member: Member, reason: string): void {
  member.note(`Not put to sleep. ${reason}`, actorFor(schedule));
  desk.tell(schedule.id, member.id, {
    guestId: member.id,
    severity: 'info',
    title: `${member.name()} was not put to sleep`,
    message: `${reason} So the schedule “${nameOf(schedule.draft)}” left it alone.`,
  });
}

function told(desk: Desk, schedule: Schedule, member: Member, outcome: Outcome): void {
  if (outcome.kind === 'done') return desk.untell(schedule.id, member.id);
  if (outcome.kind === 'failed' && outcome.begun) return;
  const { message, remedy } = outcome.kind === 'failed' ? outcome.refusal : { message: outcome.text };
  desk.tell(schedule.id, member.id, {
    guestId: member.id,
    severity: outcome.kind === 'failed' ? 'error' : 'info',
    title: `${member.name()} was not put to sleep`,
    message: `By the schedule “${nameOf(schedule.draft)}”: ${message}`,
    ...(remedy ? { remedy } : {}),
  });
}

const notKept = (member: Member, { draft }: Schedule) =>
  ({
    guestId: member.id,
    severity: 'error',
    title: `${member.name()} was not put to sleep`,
    message: `The schedule “${nameOf(draft)}” could not be kept on disk, so that nothing was done.`,
    remedy: 'Make room on the disk, or make it writable. Then put the guest to sleep yourself.',
  }) as const;

const titleOf = (name: string, ready: readonly Placed[]): string => {
  const [only] = ready;
  if (only && ready.length === 1) return `${only.member.name()} goes to sleep`;
  const count = `${ready.length} guests`;
  return name === count ? `${count} go to sleep` : `${name}: ${count} go to sleep`;
};

