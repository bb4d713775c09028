import type { Lab } from './lab';
import type { Row } from './measure';

/** One thing that is measured beside what else does it, on real components only. */
export interface Bench {
  readonly title: string;
  /** Programs that it takes, by name; where one is missing it is skipped, and says so. */
  readonly programs: readonly string[];
  /** Why else it cannot be measured here, as a sentence. */
  readonly obstacle?: () => string | undefined;
  /** The app takes the monitors of all QEMUs that it finds, so this runs only where there are no others. */
  readonly takesAllMonitors?: boolean;
  /** What it starts belongs to the lab, which ends it. @returns a peer's row first */
  run(lab: Lab): Promise<readonly Row[]>;
}
