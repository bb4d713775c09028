import type { Clock } from '../clock';
import { HostError } from '../hosts/host';
import type { HostNetwork, PowerSurvey } from '../hosts/power';
import type { Obstacle } from './offers';
import type { SleepyHost } from './model';

/** What is known of a host's own sleep: as it told last. */
export interface Knowledge {
  /** null: it was not asked yet. */
  readonly survey: PowerSurvey | Obstacle | null;
  /** Kept from earlier connections where this one tells nothing. */
  readonly network: HostNetwork | null;
  /** Asks the host. @throws HostError */
  ask(permissions: boolean): Promise<PowerSurvey>;
  /** Asks it, and keeps what went wrong in place of an answer (null). */
  learn(): Promise<PowerSurvey | null>;
  /** Looks whether its libvirt came meanwhile. */
  lookForLibvirt(): Promise<void>;
}

/** sudo is asked at most this often, in ms: it keeps a record. */
const PERMISSIONS_MS = 10 * 60_000;

export function createKnowledge(options: {
  readonly clock: Clock;
  readonly host: () => SleepyHost | undefined;
  readonly network: HostNetwork | null;
  /** `network`: that is another than before. */
  readonly onLearnt: (what: { readonly network: boolean }) => void;
}): Knowledge {
  const { clock, host, onLearnt } = options;
  let { network } = options;
  let survey: PowerSurvey | Obstacle | null = null;
  let askedPermissions = -Infinity;

  const ask = async (permissions: boolean): Promise<PowerSurvey> => {
    const current = host();
    if (!current) throw new HostError('This host is no longer on the list.', 'Add it again.');
    const told = await current.power.survey({ permissions });
    if (permissions) askedPermissions = clock.monotonic();
    const full = { ...told, sudo: told.sudo ?? (isSurvey(survey) ? survey.sudo : null) };
    survey = full;
    const isNew = told.network.cards.length > 0 && JSON.stringify(told.network) !== JSON.stringify(network);
    if (isNew) network = told.network;
    onLearnt({ network: isNew });
    return full;
  };

  return {
    get survey() {
      return survey;
    },
    get network() {
      return network;
    },
    ask,
    async learn() {
      try {
        return await ask(clock.monotonic() - askedPermissions >= PERMISSIONS_MS);
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        // A connection that went away again is told by the link.
        if (host()?.link.state.kind === 'ready') survey = { reason: error.message, remedy: error.remedy };
        onLearnt({ network: false });
        return null;
      }
    },
    async lookForLibvirt() {
      const current = host();
      if (!current || !isSurvey(survey) || survey.libvirt !== 'absent') return;
      const libvirt = await current.power.libvirt();
      if (libvirt === 'absent' || !isSurvey(survey)) return;
      survey = { ...survey, libvirt };
      onLearnt({ network: false });
    },
  };
}

export const isSurvey = (told: PowerSurvey | Obstacle | null): told is PowerSurvey => told !== null && 'states' in told;
