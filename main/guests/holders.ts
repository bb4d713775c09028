import type { JobPlace } from '../alarms/jobs';
import { HostError, type GuestHost } from '../hosts/host';
import type { SleepAction } from '../power/actions';
import { beingWoken, type Alarm, type AlarmHolder } from '../power/alarms';
import type { Guest } from './guest';
import { wakeMeansOf } from './wake-means';

/** One who could keep a guest's alarm. */
export interface HolderOffer {
  readonly holder: AlarmHolder;
  /** For users: "its own clock (RTC)", "a systemd timer on nas", "Reveille". */
  readonly name: string;
  /** What it survives and what not, in a sentence. */
  readonly survives: string;
  /** Why it cannot; null when it can. Sentences for users. */
  readonly missing: { readonly reason: string; readonly remedy?: string } | null;
  /** Where the host's job would be made. */
  readonly place?: JobPlace;
}

export const GUEST_CLOCK = 'its own clock (RTC)';
const guestSurvives =
  'The guest’s own clock wakes it, also when Reveille and the network are gone. It needs its host to stay up, and cannot be moved or cancelled while the guest sleeps.';
const appSurvives =
  'Reveille wakes it while it runs and can reach it. If it was closed, or this computer slept, it does so as soon as it can again.';

export const appOffer: HolderOffer = { holder: 'app', name: 'Reveille', survives: appSurvives, missing: null };

/** Who could keep the guest's alarm for this sleep, the most durable first. Looks at guest and host. */
export async function holderOffers(guest: Guest, host: GuestHost, action: SleepAction): Promise<HolderOffer[]> {
  const [byGuest, byHost] = await Promise.all([guestOffer(guest, action), hostOffer(guest, host, action)]);
  return [byGuest, byHost, appOffer];
}

export async function guestOffer(guest: Guest, action: SleepAction): Promise<HolderOffer> {
  const offer = (missing: HolderOffer['missing']): HolderOffer => ({
    holder: 'guest',
    name: GUEST_CLOCK,
    survives: guestSurvives,
    missing,
  });
  if (action === 'hibernate') return offer({ reason: 'Its clock stops with it when it hibernates.', remedy: 'Use Sleep.' });
  if (action === 'hybrid') {
    return offer({ reason: 'A hybrid sleep may end as a hibernation, in which its clock stops.', remedy: 'Use Sleep.' });
  }
  const { machine } = guest;
  if (!machine?.exists) return offer({ reason: 'It does not run.' });
  const clock = await machine.wakeClock();
  if ('value' in clock) return offer(null);
  return offer({ reason: clock.missing, ...(clock.remedy ? { remedy: clock.remedy } : {}) });
}

export async function hostOffer(guest: Guest, host: GuestHost, action: SleepAction): Promise<HolderOffer> {
  try {
    const place = await jobPlaceOf(guest, host, action);
    return { holder: 'host', ...place.keeper, missing: null, place };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return {
      holder: 'host',
      name: `a job on ${host.name}`,
      survives: 'A job on the host wakes it, also when Reveille and the network are gone.',
      missing: { reason: error.message, remedy: error.remedy },
    };
  }
}

/** Where the job that wakes the guest is made. @throws HostError when it cannot be made, in words for the user */
export async function jobPlaceOf(guest: Guest, host: GuestHost, action: SleepAction): Promise<JobPlace> {
  const jobs = reachableJobs(host);
  if (!host.jobs) throw new HostError(`${host.name} offers no jobs.`, 'Hosts that run Linux do.');
  if (!jobs) throw new HostError(`${host.name} is not connected.`, 'Connect it, then try again.');
  const means = wakeMeansOf(guest, action);
  if ('missing' in means) throw new HostError(means.missing, means.remedy);
  const offer = await jobs.offers(means.means);
  if ('missing' in offer) throw new HostError(offer.missing, offer.remedy);
  const { name, survives } = offer.keeper;
  return { hostId: host.id, jobs, means: means.means, keeper: { name, survives }, blocked: means.blocked };
}

/** The host's jobs while it can be reached. */
export const reachableJobs = ({ link, jobs }: GuestHost): GuestHost['jobs'] =>
  link === null || link.state.kind === 'ready' ? jobs : null;

/** Why an alarm cannot be moved or cancelled now; null when it can. `awake`: its guest runs, and nothing is asked of it. */
export function changeRefusal(
  alarm: Alarm,
  host: GuestHost | undefined,
  awake: boolean,
): { reason: string; remedy?: string } | null {
  const { held, phase } = alarm;
  if (phase.kind === 'firing') return { reason: beingWoken };
  // What was to wake it has not: the app has the alarm now.
  if (phase.kind === 'retrying' || !held) return null;
  if (held.kind === 'guest') {
    if (awake) return null;
    return {
      reason: 'Its alarm is in the guest’s own clock, which cannot be reached while the guest sleeps.',
      remedy: 'Wake the guest, then put it to sleep for another time.',
    };
  }
  if (host && reachableJobs(host)) return null;
  return {
    reason: `Its alarm is kept by ${held.keeper}, which is not connected.`,
    remedy: 'Connect the host, then try again.',
  };
}

/** Who keeps an alarm, as in "a systemd timer on nas". */
export const keeperName = ({ holder, held }: Pick<Alarm, 'holder' | 'held'>): string => {
  if (held?.kind === 'guest') return GUEST_CLOCK;
  if (held?.kind === 'host') return held.keeper;
  return holder === 'app' ? appOffer.name : 'Reveille, until another holder has it';
};

/** Who keeps an alarm and what it survives, for its card. */
export function describeKeeper(alarm: Pick<Alarm, 'holder' | 'held'>): string {
  const { held } = alarm;
  if (held?.kind === 'guest') return guestSurvives;
  if (held?.kind === 'host') return `${capital(held.keeper)} wakes it. ${held.survives}`;
  return alarm.holder === 'app' ? appSurvives : `Reveille keeps it until it is placed. ${appSurvives}`;
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
