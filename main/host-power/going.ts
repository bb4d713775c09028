import type { Clock } from '../clock';
import type { Guest } from '../guests/guest';
import type { SetPowerState } from '../guests/power-requests';
import { HostError } from '../hosts/host';
import { OutcomeUnknownError, type PowerSurvey, type SleepOrder } from '../hosts/power';
import { RefusedError, type Refusal } from '../power/actions';
import type { Actor } from '../power/actor';
import { aboutGuest, guestsToSettle, settleGuest, type GuestsFirst } from './guests-first';
import { MIN_HOST_SLEEP_MS } from './offers';
import type { HostSleep } from './records';
import type { SleepyHost } from './model';
import { meansText } from './texts';

export interface Going {
  readonly clock: Clock;
  readonly host: () => SleepyHost | undefined;
  readonly setPowerState: SetPowerState;
  /** Those of the host now. */
  readonly guests: () => readonly Guest[];
  readonly first: GuestsFirst;
  readonly by: Actor;
  readonly sleep: Pick<HostSleep, 'means' | 'wakesAt'>;
  readonly survey: PowerSurvey;
  /** What is being done, in a sentence. */
  readonly onStep: (step: string) => void;
  /** Nothing more is to be done. */
  readonly stopped: () => boolean;
}

export type Gone =
  | { readonly kind: 'accepted'; readonly order: SleepOrder }
  /** `settled`: the guests to which it had been done. */
  | { readonly kind: 'given-up'; readonly why: Pick<Refusal, 'message' | 'remedy'>; readonly settled: readonly Guest[] }
  /** It may have taken the command. */
  | { readonly kind: 'unknown'; readonly message: string }
  | { readonly kind: 'stopped' };

/**
 * Sees to the guests one after the other, each to its end, then has the host sleep. They are looked at again after each:
 * another may have been woken meanwhile.
 */
export async function goToSleep({ clock, host, setPowerState, guests, first, by, sleep, survey, onStep, stopped }: Going): Promise<Gone> {
  const settled: Guest[] = [];
  const givenUp = (message: string, remedy?: string): Gone => ({ kind: 'given-up', why: { message, ...(remedy ? { remedy } : {}) }, settled });
  for (;;) {
    const left = lookAt(first, guests());
    if (!left.ok) return givenUp(left.refusal.message, left.refusal.remedy);
    const [guest] = left.guests;
    if (!guest || first === 'leave') break;
    const { name } = guest.remembered;
    if (settled.includes(guest)) return givenUp(`${name} is running again.`, 'See who wakes it, then ask again.');
    onStep(`First its guests: ${name}, ${settled.length + 1} of ${settled.length + left.guests.length}.`);
    const refusal = await settleGuest(setPowerState, guest, first, by);
    if (stopped()) return { kind: 'stopped' };
    if (refusal) {
      const { message, remedy } = aboutGuest(name, refusal);
      return givenUp(message, remedy);
    }
    settled.push(guest);
  }
  const seconds = sleep.wakesAt === null ? null : Math.ceil((sleep.wakesAt - clock.now()) / 1000);
  if (seconds !== null && seconds * 1000 < MIN_HOST_SLEEP_MS) {
    return givenUp('Less than a minute was left until its wake time when it was ready.', 'Ask again with a later time.');
  }
  const current = host();
  if (current?.link.state.kind !== 'ready') return givenUp('Its connection was lost before it was asked.', 'Ask again when it is connected.');
  onStep(`It is being asked, ${meansText[sleep.means]}.`);
  try {
    const order = await current.power.sleep(sleep.means, seconds, survey);
    return stopped() ? { kind: 'stopped' } : { kind: 'accepted', order };
  } catch (error) {
    if (error instanceof HostError) return givenUp(error.message, error.remedy);
    if (error instanceof OutcomeUnknownError) return { kind: 'unknown', message: error.message };
    throw error;
  }
}

type Look = { readonly ok: true; readonly guests: readonly Guest[] } | { readonly ok: false; readonly refusal: Refusal };

function lookAt(first: GuestsFirst, guests: readonly Guest[]): Look {
  try {
    return { ok: true, guests: guestsToSettle(first, guests) };
  } catch (error) {
    if (error instanceof RefusedError) return { ok: false, refusal: error.refusal };
    throw error;
  }
}
