import type { EventRefusal, LibvirtClient } from './api';
import { LibvirtError } from './errors';
import { EVENT_IDS, type SubscribableEvent } from './events';

/** Which events a connection gets. libvirt counts a subscription each, so each is made once. */
export function subscriptions(call: LibvirtClient['call']): Pick<LibvirtClient, 'subscribe' | 'unsubscribe'> {
  const ids = new Map<SubscribableEvent, Promise<number>>();

  const register = (kind: SubscribableEvent): Promise<number> => {
    const made = ids.get(kind);
    if (made) return made;
    const args = { eventID: EVENT_IDS[kind], dom: null };
    const id = call('connect_domain_event_callback_register_any', args).then(({ callbackID }) => callbackID);
    ids.set(kind, id);
    id.catch(() => ids.delete(kind));
    return id;
  };

  return {
    async subscribe(kinds) {
      const attempts = kinds.map(async (kind): Promise<EventRefusal[]> => {
        try {
          await register(kind);
          return [];
        } catch (error) {
          if (!(error instanceof LibvirtError) || !error.refusal) throw error;
          return [{ kind, refusal: error.refusal }];
        }
      });
      return (await Promise.all(attempts)).flat();
    },
    async unsubscribe(kinds) {
      const attempts = kinds.map(async (kind) => {
        const id = ids.get(kind);
        if (!id) return;
        ids.delete(kind);
        await call('connect_domain_event_callback_deregister_any', { callbackID: await id });
      });
      await Promise.all(attempts);
    },
  };
}
