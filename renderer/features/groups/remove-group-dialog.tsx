import type { GroupView } from '../../../preload/contract/schedules';
import { groupCommands } from '../../commands';
import { groupName } from '../../many';
import { removeGroup } from '../../many-intents';
import { useWindow } from '../../store';
import { cleanLine } from '../../text';
import { Forget } from '../../ui/forget';
import { Line } from '../../ui/untrusted';

/** Forgetting a group never touches its guests; its schedules lose whom they are about. */
export function RemoveGroupDialog({ group }: { group: GroupView }) {
  const { icon, longLabel, label } = groupCommands.remove;
  const schedules = useWindow((state) => state.view?.schedules);
  const about = Object.values(schedules ?? {}).filter(
    ({ draft: { target } }) => target.kind === 'group' && target.groupId === group.id,
  );
  return (
    <Forget
      title={longLabel ?? label}
      about={<Line text={groupName(group.name)} className="about-guest" />}
      icon={icon}
      onForget={() => void removeGroup(group.id)}
    >
      <p>Its guests are not touched; only their order and delays are forgotten.</p>
      {about.length === 0 ? null : (
        <div className="note">
          <p>{about.length === 1 ? 'This schedule has no guests then:' : 'These schedules have no guests then:'}</p>
          <ul className="lost-alarms" aria-label="Schedules of the group">
            {about.map(({ id, draft, text }) => (
              <li key={id}>
                <Line text={cleanLine(draft.name) === '' ? text : draft.name} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </Forget>
  );
}
