import { z } from 'zod';
import { createQueue } from '../guests/queue';
import type { Document } from '../storage/document';

const Sleep = z.object({
  /**
   * begun: its guests are seen to, or it is being asked. accepted: it took the command. asleep: concluded, since its
   * connection went away after that.
   */
  phase: z.enum(['begun', 'accepted', 'asleep']),
  means: z.enum(['rtcwake', 'libvirt', 'systemctl']),
  /** Since when the phase holds, in ms since the epoch by this computer's clock, as all times here. */
  since: z.number(),
  /** When its own clock wakes it; null: it does not, or should have and was not seen. */
  wakesAt: z.number().nullable(),
  /** What it told before, to tell a sleep from a restart or from neither. */
  bootId: z.string().nullable(),
  slept: z.number().nullable(),
});
export type HostSleep = z.infer<typeof Sleep>;

const Network = z.object({
  address: z.string().nullable(),
  prefix: z.number().nullable(),
  cards: z.array(z.object({ name: z.string(), mac: z.string(), wakes: z.boolean().nullable() })).readonly(),
});

/** What is kept of a host's own sleep over a restart of the app. */
const HostPowerRecord = z.object({
  hostId: z.string(),
  sleep: Sleep.nullable(),
  /** Learnt while it was up; null: not yet. */
  network: Network.nullable(),
});
export type HostPowerRecord = z.infer<typeof HostPowerRecord>;

export const HOST_POWER_VERSION = 1;
/** @throws z.ZodError with the path to the field */
export const parseHostPower = (value: unknown): HostPowerRecord[] => z.array(HostPowerRecord).parse(value);

/** The records of all hosts in one document. */
export interface HostPowerRecords {
  all(): readonly HostPowerRecord[];
  /** Resolves when it is durably kept. @throws StorageError */
  keep(record: HostPowerRecord): Promise<void>;
  forget(hostId: string): Promise<void>;
}

export function createRecords(document: Document<HostPowerRecord[]>): HostPowerRecords {
  const saves = createQueue();
  const others = (hostId: string) => document.value.filter((each) => each.hostId !== hostId);
  return {
    all: () => document.value,
    keep: (record) => saves.run(() => document.save([...others(record.hostId), record])),
    forget: (hostId) =>
      saves.run(async () => {
        if (document.value.some((each) => each.hostId === hostId)) await document.save(others(hostId));
      }),
  };
}
