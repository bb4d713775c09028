import { memo } from 'react';
import type { GroupView } from '../../../preload/contract/schedules';
import { groupName } from '../../many';
import { useWindow } from '../../store';
import { Button } from '../../ui/button';
import { Line } from '../../ui/untrusted';
import { useMenuButton } from '../guests/menu-button';

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** The groups above the list, each with its menu; nothing while there is none. */
export function GroupStrip() {
  const groups = useWindow((state) => state.view?.groups);
  const sorted = Object.values(groups ?? {}).sort((a, b) => byName.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
  if (sorted.length === 0) return null;
  return (
    <section className="group-strip" aria-label="Groups">
      <ul className="group-list">
        {sorted.map((group) => (
          <li key={group.id}>
            <GroupButton group={group} />
          </li>
        ))}
      </ul>
    </section>
  );
}

const GroupButton = memo(function GroupButton({ group }: { group: GroupView }) {
  const opens = useMenuButton({ kind: 'group', groupId: group.id });
  return (
    <Button look="quiet" icon="group" {...opens}>
      <Line text={groupName(group.name)} /> <span className="count">{group.members.length}</span>
      <span className="unseen"> {group.members.length === 1 ? 'guest' : 'guests'}</span>
    </Button>
  );
});
