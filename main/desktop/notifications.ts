import { Notification } from 'electron';
import type { AppEvent } from '../app';
import type { Settings } from '../../preload/contract/settings';

export interface Notifications {
  /** Shows what happened, unless the user does not want to be told of such things; what asks the user is always shown. */
  tell(event: AppEvent): void;
  /** Resolves with whether it was shown. */
  say(title: string, text: string): Promise<boolean>;
  /** Why none can be shown; null where they can, as far as is known. */
  missing(): string | null;
  /** Whether somebody on the session's bus shows them; null: that cannot be known beforehand. */
  daemonSeen(present: boolean | null): void;
}

export interface NotificationOptions {
  readonly wanted: () => Settings['notifications'];
  readonly onClick: (guestId: string | undefined) => void;
  readonly onMissing: () => void;
}

const nobody = 'Nothing on this desktop shows notifications. Install or start a notification daemon; most desktops bring one along.';
const unsupported = 'This system shows no notifications of apps.';

export function createNotifications({ wanted, onClick, onMissing }: NotificationOptions): Notifications {
  /** What is forgotten is collected, and its click goes nowhere. */
  const shown = new Set<Notification>();
  let missing: string | null = Notification.isSupported() ? null : unsupported;

  const setMissing = (why: string | null) => {
    if (missing === why) return;
    missing = why;
    onMissing();
  };

  const show = (title: string, body: string, guestId: string | undefined): Promise<boolean> => {
    if (!Notification.isSupported()) return Promise.resolve(false);
    const notification = new Notification({ title, body });
    shown.add(notification);
    return new Promise((resolve) => {
      notification.once('show', () => {
        setMissing(null);
        resolve(true);
      });
      notification.once('failed', (_event, error) => {
        shown.delete(notification);
        console.error('A notification was not shown:', error || 'nobody showed it');
        setMissing(nobody);
        resolve(false);
      });
      notification.once('close', () => shown.delete(notification));
      notification.once('click', () => {
        shown.delete(notification);
        onClick(guestId);
      });
      notification.show();
    });
  };

  return {
    tell({ kind, title, text, guestId }) {
      if (kind === 'asks' || wanted()[kind]) void show(title, text, guestId);
    },
    say: (title, text) => show(title, text, undefined),
    missing: () => missing,
    daemonSeen(present) {
      if (present !== null && Notification.isSupported()) setMissing(present ? null : nobody);
    },
  };
}
