import { randomUUID } from 'node:crypto';

/** Something is about to happen, and can still be cancelled. */
export interface Grace {
  readonly id: string;
  readonly title: string;
  /** Why: the schedule's name. */
  readonly reason: string;
  /** When it happens, by the wall clock. */
  readonly at: number;
  /** Whom it happens to. */
  readonly guestIds: readonly string[];
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
  /** Resolves when it ends. `beginning`: of the occurrence that it belongs to. */
  begin(scheduleId: string, beginning: number, grace: Omit<Grace, 'id'>): Promise<GraceEnd>;
  /** The beginning of the occurrence that a schedule's grace belongs to; null where none runs. */
  beginning(scheduleId: string): number | null;
  /** @returns whether there was one */
  end(id: string, how: 'now' | 'cancelled'): boolean;
  /** Ends those of a schedule, or all. */
  drop(scheduleId?: string): void;
  /** Ends those whose time has come. */
  look(now: number): void;
  /** When the next one is over; Infinity without one. */
  next(): number;
}

/** `onGrace` hears of each grace when it begins, and when it has ended. */
export function createGraces(onGrace: (id: string, scheduleId: string) => void, newId: () => string = randomUUID): Graces {
  const graces = new Map<
    string,
    { readonly grace: Grace; readonly scheduleId: string; readonly beginning: number; readonly resolve: (end: GraceEnd) => void }
  >();

  const end = (id: string, how: GraceEnd): boolean => {
    const found = graces.get(id);
    if (!found) return false;
    graces.delete(id);
    onGrace(id, found.scheduleId);
    found.resolve(how);
    return true;
  };

  return {
    grace: (id) => graces.get(id)?.grace,
    begin: (scheduleId, beginning, about) =>
      new Promise((resolve) => {
        const grace = { id: newId(), ...about };
        graces.set(grace.id, { grace, scheduleId, beginning, resolve });
        onGrace(grace.id, scheduleId);
      }),
    beginning: (scheduleId) => [...graces.values()].find((one) => one.scheduleId === scheduleId)?.beginning ?? null,
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
