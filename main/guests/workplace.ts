import type { Clock } from '../clock';
import type { GuestHost } from '../hosts/host';
import type { Limits } from './confirm';

/** What work on guests needs around it. */
export interface Workplace {
  readonly clock: Clock;
  readonly limits: Limits;
  host(id: string): GuestHost;
  /** Looks at the host's processes now. */
  rescan(hostId: string): Promise<void>;
}
