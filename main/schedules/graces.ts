import { randomUUID } from 'node:crypto';

/** Something is about to happen, and can still be cancelled. */
export interface Grace {
  readonly id: string;
  readonly title: string;
  /** Why: the schedule's name. */
  readonly reason: string;
  /** When it happens, by the wall clock. */
  readonly at: number;
}

export type GraceEnd =
  /** Its time has come. */
  | 'over'
  /** The user wants it at once. */
  | 'now'
  | 'cancelled'
  /** What it was about is no longer wanted, or the app ends. */
  | 'dropped';

export interface Graces {
  grace(id: string): Grace | undefined;
  /** Resolves when it ends. */
  begin(scheduleId: string, grace: Omit<Grace, 'id'>): Promise<GraceEnd>;
  /** @returns whether there was one */
  end(id: string, how: 'now' | 'cancelled'): boolean;
  /** Ends those of a schedule, or all. */
  drop(scheduleId?: string): void;
  /** Ends those whose time has come. */
  look(now: number): void;
  /** When the next one is over; Infinity without one. */
  next(): number;
}

export function createGraces(onGrace: (id: string) => void, newId: () => string = randomUUID): Graces {
  const graces = new Map<string, { grace: Grace; scheduleId: string; resolve: (end: GraceEnd) => void }>();

  const end = (id: string, how: GraceEnd): boolean => {
    const found = graces.get(id);
    if (!found) return false;
    graces.delete(id);
    onGrace(id);
    found.resolve(how);
    return true;
  };

  return {
    grace: (id) => graces.get(id)?.grace,
    begin: (scheduleId, about) =>
      new Promise((resolve) => {
        const grace = { id: newId(), ...about };
        graces.set(grace.id, { grace, scheduleId, resolve });
        onGrace(grace.id);
      }),
    end,
    drop(scheduleId) {
      for (const [id, one] of [...graces]) if (scheduleId === undefined || one.scheduleId === scheduleId) end(id, 'dropped');
    },
    look(now) {
      for (const [id, { grace }] of [...graces]) if (grace.at <= now) end(id, 'over');
    },
    next: () => Math.min(Infinity, ...[...graces.values()].map(({ grace }) => grace.at)),
  };
}
