import type { Snapshot } from '../../preload/contract/view';
import type { Notice } from '../guests/notices';
import { brokenLinkNotice, linkedGuests, parseLink } from './links';

/** The running app, as far as links reach: they show, and have no other way to it. */
export interface LinkTarget {
  snapshot(): Pick<Snapshot, 'hosts' | 'guests'>;
  /** Resolves when every guest was listed that can be at first. */
  readonly started: Promise<unknown>;
  open(): void;
  reveal(guestId: string): void;
  /** @returns a function that takes it back */
  tell(notice: Notice): () => void;
}

export interface LinkFollower {
  /** Shows what the link means, at once or when the app runs; of links before that, the last. Does nothing for what is no link. */
  follow(text: string): void;
  /** The app runs. */
  begin(target: LinkTarget): void;
}

export function createLinkFollower(): LinkFollower {
  let target: LinkTarget | null = null;
  let waiting: string | null = null;
  let last = 0;
  /** Pages can open links again and again: there is one notice of them at most. */
  let takeBack = () => {};

  const follow = (text: string) => {
    const link = parseLink(text);
    if (!link) return;
    if (!target) {
      waiting = text;
      return;
    }
    const { snapshot, started, open, reveal, tell } = target;
    const mine = (last += 1);
    takeBack();
    takeBack = () => {};
    const show = (): boolean => {
      const [guestId, ...others] = linkedGuests(link, snapshot());
      if (guestId === undefined || others.length > 0) return false;
      reveal(guestId);
      return true;
    };
    if (show()) return;
    open();
    const again = () => {
      if (mine !== last || show()) return;
      takeBack = tell(brokenLinkNotice(link, linkedGuests(link, snapshot()).length));
    };
    // A start that failed is told by whoever began it.
    void started.then(again, () => undefined);
  };

  return {
    follow,
    begin(running) {
      target = running;
      if (waiting !== null) follow(waiting);
      waiting = null;
    },
  };
}
