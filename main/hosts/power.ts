/** How a host is put to sleep: `systemctl` without a time, the others with one. */
export type SleepMeans = 'rtcwake' | 'libvirt' | 'systemctl';

/** A network card that a magic packet can be sent to. */
export interface NetworkCard {
  readonly name: string;
  /** As Linux writes it: 52:54:00:12:34:56. */
  readonly mac: string;
  /** Whether it may wake the host, as far as the host tells. */
  readonly wakes: boolean | null;
}

/** Where the connection to a host arrives there. */
export interface HostNetwork {
  /** The IPv4 address and the length of its prefix; null where the connection has none. */
  readonly address: string | null;
  readonly prefix: number | null;
  /** The cards below the interface; more than one for a bridge or a bond of several. */
  readonly cards: readonly NetworkCard[];
}

/** What a host tells of its own sleep. */
export interface PowerSurvey {
  readonly user: { readonly uid: number; readonly name: string };
  /** Another one after every boot. */
  readonly bootId: string | null;
  /** How often it has slept since it booted; null where the kernel does not count. */
  readonly slept: number | null;
  /** The words of /sys/power/state: mem, disk, freeze. */
  readonly states: readonly string[];
  /** It has a clock that can wake it. */
  readonly hasAlarm: boolean;
  /** Absolute paths. */
  readonly programs: Readonly<Partial<Record<PowerProgram, string>>>;
  /** What sudo lets this user run; null where it was not asked. */
  readonly sudo: { readonly rtcwake: boolean; readonly systemctl: boolean } | null;
  readonly libvirt: 'sleeps' | 'cannot-sleep' | 'forbidden' | 'absent';
  readonly network: HostNetwork;
}

export const powerPrograms = ['rtcwake', 'systemctl', 'sudo', 'pm-suspend'] as const;
export type PowerProgram = (typeof powerPrograms)[number];

/** The connection went away before the host had taken the command: whether it sleeps is not known. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}

/** A command that a host took. */
export interface SleepOrder {
  /**
   * Resolves when the command came to its end while the host was connected to: rtcwake does when the host has slept.
   * Pending where nothing tells.
   */
  readonly ended: Promise<{ readonly code: number; readonly said: string }>;
}

/** A host's own sleep, as the host itself knows it. */
export interface HostPower {
  /** `permissions`: asks sudo too, which keeps a record of it. @throws HostError */
  survey(options: { readonly permissions: boolean }): Promise<PowerSurvey>;
  /** The libvirt of a survey, as it is now. */
  libvirt(): Promise<PowerSurvey['libvirt']>;
  /**
   * Puts the host to sleep. Resolves when it has taken the command, which says nothing about what comes of it.
   * `seconds`: until its clock wakes it; null with systemctl only.
   * @throws HostError when it refuses, OutcomeUnknownError
   */
  sleep(means: SleepMeans, seconds: number | null, survey: PowerSurvey): Promise<SleepOrder>;
}
