import { useRef } from 'react';
import type { GroupView } from '../../../preload/contract/schedules';
import { groupCommands } from '../../commands';
import { groupName } from '../../many';
import { removeGroup } from '../../many-intents';
import { closeDialog, useWindow } from '../../store';
import { cleanLine } from '../../text';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { Line } from '../../ui/untrusted';

/** Forgetting a group never touches its guests; its schedules lose whom they are about. */
export function RemoveGroupDialog({ group }: { group: GroupView }) {
  const { icon, longLabel, label } = groupCommands.remove;
  const cancel = useRef<HTMLButtonElement>(null);
  const schedules = useWindow((state) => state.view?.schedules);
  const about = Object.values(schedules ?? {}).filter(
    ({ draft: { target } }) => target.kind === 'group' && target.groupId === group.id,
  );
  const remove = () => {
    closeDialog();
    void removeGroup(group.id);
  };
  return (
    <Modal
      title={longLabel ?? label}
      about={<Line text={groupName(group.name)} className="about-guest" />}
      initialFocus={cancel}
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
      <ModalFoot>
        <Button onClick={closeDialog} ref={cancel}>
          Cancel
        </Button>
        <Button look="danger" icon={icon} onClick={remove}>
          Remove
        </Button>
      </ModalFoot>
    </Modal>
  );
}
