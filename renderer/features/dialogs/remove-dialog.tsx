import { useRef } from 'react';
import type { GuestView } from '../../../preload/contract/view';
import { entryCommands } from '../../commands';
import { removeGuest } from '../../intents';
import { closeDialog } from '../../store';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { About } from './about';

/** Forgetting a guest loses what the app knows about it, never the guest. */
export function RemoveDialog({ guest }: { guest: GuestView }) {
  const { label, icon } = entryCommands.remove;
  const cancel = useRef<HTMLButtonElement>(null);
  const remove = () => {
    closeDialog();
    void removeGuest(guest.id);
  };
  return (
    <Modal title={label} about={<About guest={guest} />} initialFocus={cancel}>
      <p>
        The guest and its disks are not touched. Its start command, its history and an alarm it may have are forgotten.
      </p>
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
