import type { Member, Outcome } from '../groups/member';
import { awake, faultOf } from '../groups/member';
import { inTurn, wakes } from '../groups/order';
import { staggered } from '../groups/targets';
import type { Refusal, RefusalCode } from '../power/actions';
import { armedFor } from './armed';
import { actorFor, companyOf, seen, type Desk } from './desk';
import { nameOf, type Schedule } from './model';

/** A guest that sleeps through so many wakes is given up. */
const MOST_FAILURES = 3;

/** What may be over by the next try. */
const passing: readonly RefusalCode[] = ['unknown-state', 'no-control', 'busy', 'outcome-unknown', 'superseded'];

/** What is to be done about a guest of the schedule that should be awake since `at`. */
export function considered(schedule: Schedule, member: Member, at: number): 'wake' | 'unseen' | 'leave' {
  const { name, since } = member.state();
  const due = member.alarmDue();
  // Its own alarm wakes it, perhaps later: whoever set it wanted that, unless the schedule did, and could not move it.
  if (due !== null && due !== armedFor(schedule, member.id, at)) return 'leave';
  if (name === 'unknown') return 'unseen';
  if (name !== 'suspended' && name !== 'hibernated') return 'leave';
  // It was up since, and put to sleep again.
  return since !== null && since > at ? 'leave' : 'wake';
}

/**
 * The guests of a schedule that a wake at `at` is about: all but those whose sleep was accepted with an alarm that wakes
 * them in time, or that the user has taken away since.
 */
export const toWake = (desk: Desk, schedule: Schedule, at: number): Member[] => {
  const company = companyOf(desk, schedule);
  const later = staggered(company);
  const isLeft = (member: Member) => {
    if (armedFor(schedule, member.id, at) === null) return false;
    const due = member.alarmDue();
    return due === null || due <= at + (later.get(member.id) ?? 0);
  };
  return company.members.flatMap(({ member }) => (isLeft(member) ? [] : [member]));
};

/**
 * Tries once to wake those that a schedule has still to wake. Waking an awake guest does no harm, sleeping on does: it goes
 * on until each was seen awake, also after a crash and without a disk.
 * @param failures counts for each guest how often it slept through a wake
 */
export async function wakeThem(desk: Desk, id: string, failures: Map<string, number>): Promise<void> {
  const { clock, ledger } = desk;
  const schedule = ledger.find(id);
  const waking = schedule?.waking;
  if (!schedule || !waking) return;
  const { at } = waking;
  const company = companyOf(desk, schedule);
  const placed = company.members.filter(({ member }) => waking.guestIds.includes(member.id));
  const isWanted = () => !desk.isStopped() && ledger.find(id)?.waking?.at === at;
  const keepOnly = (stays: (guestId: string) => boolean) =>
    ledger.keep(id, (now) => {
      if (now.waking?.at !== at) return now;
      const guestIds = now.waking.guestIds.filter(stays);
      return { ...now, waking: guestIds.length > 0 ? { at, guestIds } : null };
    });
  // Guests that are gone need no wake.
  if (placed.length < waking.guestIds.length)
    await keepOnly((guestId) => placed.some(({ member }) => member.id === guestId));

  const over = (member: Member) => {
    failures.delete(member.id);
    return keepOnly((guestId) => guestId !== member.id);
  };

  /** @returns whether it came up by it */
  const wake = async (member: Member): Promise<boolean> => {
    await seen(member, desk);
    if (!isWanted()) return false;
    const done = () => over(member);
    switch (considered(schedule, member, at)) {
      case 'leave':
        desk.untell(id, member.id);
        await done();
        return false;
      case 'unseen':
        desk.tell(id, member.id, notYet(member, schedule, member.state().detail ?? 'Its state is not known.'));
        return false;
      case 'wake': {
        const outcome = await member.act({
          action: wakes(member),
          when: { kind: 'none' },
          startAccepted: false,
          by: actorFor(schedule),
          alarm: 'auto',
        });
        if (outcome.kind === 'done') {
          desk.untell(id, member.id);
          await done();
          return company.ordered ? (await awake(member, clock, isWantedStill)) === null : true;
        }
        if (!goesOn(desk, schedule, member, outcome, failures)) await done();
        return false;
      }
    }
  };
  const isWantedStill = () => !desk.isStopped();
  /** A fault at one guest holds up none of the others. */
  const act = async (member: Member): Promise<boolean> => {
    try {
      return await wake(member);
    } catch (error) {
      desk.tell(id, member.id, notWoken(member, schedule, faultOf(error), `What came of waking ${member.name()} is not known`));
      if (failedOnceMore(failures, member) >= MOST_FAILURES) await over(member);
      return false;
    }
  };
  if (company.ordered) await inTurn({ clock, placed, wanted: isWantedStill, act });
  else await Promise.all(placed.map(({ member }) => act(member)));
}

/** @returns how often it failed */
function failedOnceMore(failures: Map<string, number>, { id }: Member): number {
  const count = (failures.get(id) ?? 0) + 1;
  failures.set(id, count);
  return count;
}

/** Tells what kept a guest from being woken. @returns whether it is tried again */
function goesOn(
  desk: Desk,
  schedule: Schedule,
  member: Member,
  outcome: Exclude<Outcome, { kind: 'done' }>,
  failures: Map<string, number>,
): boolean {
  if (outcome.kind === 'skipped') return false;
  const { refusal, begun } = outcome;
  if (passing.includes(refusal.code)) {
    desk.tell(schedule.id, member.id, notYet(member, schedule, refusal.message));
    return true;
  }
  const count = failedOnceMore(failures, member);
  if (begun && count < MOST_FAILURES) return true;
  desk.tell(schedule.id, member.id, notWoken(member, schedule, refusal));
  return false;
}

const notWoken = (member: Member, { draft }: Schedule, { message, remedy }: Refusal, title = `${member.name()} was not woken`) =>
  ({
    guestId: member.id,
    severity: 'error',
    title,
    message: `By the schedule “${nameOf(draft)}”: ${message}`,
    remedy: remedy ?? 'Look at its state, and wake it yourself.',
  }) as const;

const notYet = (member: Member, { draft }: Schedule, reason: string) =>
  ({
    guestId: member.id,
    severity: 'error',
    title: `${member.name()} was not woken yet`,
    message: `By the schedule “${nameOf(draft)}”: ${reason}`,
    remedy: 'Reveille tries again every half minute. You can also wake it yourself.',
  }) as const;
