import { useEffect, useState } from 'react';
import type { Snapshot } from '../../../preload/contract/view';
import { windowStore } from '../../store';
import { linkAnnouncements } from '../../link-words';
import { runAnnouncements } from '../../runs';
import { announcement } from '../../words';

/** More changes than this at once are only counted, so that a screen reader is not kept busy for minutes. */
const mostSpoken = 3;

function changes(before: Snapshot, after: Snapshot, now: number): string {
  const changed = Object.values(after.guests).filter((guest) => {
    const old = before.guests[guest.id];
    return old !== undefined && old !== guest && old.state.name !== guest.state.name;
  });
  if (changed.length > mostSpoken) return `${changed.length} guests changed their state`;
  return changed.map((guest) => announcement(guest, now)).join('. ');
}

/** The one live region for changes of state, of guests and of connections. */
export function Announcer() {
  const [text, setText] = useState('');
  useEffect(() => {
    const { view } = windowStore.getState();
    let { said } = linkAnnouncements(view?.hosts ?? {}, new Map(), Date.now());
    return windowStore.subscribe((state, old) => {
      if (state.view === old.view || state.view === null) return;
      const now = Date.now();
      const links = linkAnnouncements(state.view.hosts, said, now);
      ({ said } = links);
      if (old.view === null) return;
      const runs = runAnnouncements(old.view.runs, state.view.runs);
      const spoken = [links.text, changes(old.view, state.view, now), runs].filter((part) => part !== '').join('. ');
      if (spoken !== '') setText(spoken);
    });
  }, []);
  return (
    <div className="unseen" role="status" aria-live="polite" aria-atomic="true">
      {text}
    </div>
  );
}
