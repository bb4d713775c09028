import type { AlarmHolder } from './held';
import type { Cause } from './states';

/** Who did something, for the history. A state's cause says the same in fewer words. */
export type Actor =
  | { readonly kind: 'user' }
  | { readonly kind: 'schedule'; readonly name: string }
  | { readonly kind: 'alarm'; readonly holder: AlarmHolder }
  | { readonly kind: 'guest' }
  | { readonly kind: 'host' }
  | { readonly kind: 'unknown' };

export const byUser: Actor = { kind: 'user' };
export const byNobodyKnown: Actor = { kind: 'unknown' };

export function causeOf(actor: Actor): Cause {
  switch (actor.kind) {
    case 'schedule':
    case 'alarm':
      return 'timer';
    case 'user':
    case 'guest':
    case 'host':
    case 'unknown':
      return actor.kind;
  }
}

/** Who it was as far as a state tells. A timer was one of the app's own alarms. */
export const actorOf = (cause: Cause): Actor => (cause === 'timer' ? { kind: 'alarm', holder: 'app' } : { kind: cause });
