import { useRef } from 'react';
import type { GuestView } from '../../../preload/contract/view';
import type { ActionName } from '../../../preload/contract/vocabulary';
import { actionCommands } from '../../commands';
import { sendAction } from '../../intents';
import { closeDialog } from '../../store';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { About } from './about';

/** Says what would be lost before it is done. Cancel has the focus. */
export function ConfirmDialog({ guest, action }: { guest: GuestView; action: ActionName }) {
  const { label, icon, ask } = actionCommands[action];
  const cancel = useRef<HTMLButtonElement>(null);
  const confirm = () => {
    closeDialog();
    void sendAction(guest.id, action);
  };
  return (
    <Modal title={label} about={<About guest={guest} />} initialFocus={cancel}>
      {ask.kind === 'confirmation' ? <p>{ask.lost}</p> : null}
      <ModalFoot>
        <Button onClick={closeDialog} ref={cancel}>
          Cancel
        </Button>
        <Button look="danger" icon={icon} onClick={confirm}>
          {label}
        </Button>
      </ModalFoot>
    </Modal>
  );
}
