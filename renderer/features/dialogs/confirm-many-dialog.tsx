import { useRef } from 'react';
import type { Target } from '../../../preload/contract/schedules';
import type { ActionName } from '../../../preload/contract/vocabulary';
import { actionCommands } from '../../commands';
import { guestCount } from '../../link-words';
import { sendMany } from '../../many-intents';
import { closeDialog } from '../../store';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { AboutMany, useTarget } from './about-many';
import { LeftOutGuests } from './left-out';

/** Says what several guests would lose, or go through, before it is done. Cancel has the focus. */
export function ConfirmManyDialog({ target, action }: { target: Target; action: ActionName }) {
  const { label, icon, ask, confirmMany, destructive } = actionCommands[action];
  const { words, guests } = useTarget(target);
  const cancel = useRef<HTMLButtonElement>(null);
  const able = guests.filter((guest) => guest.actions[action].available).length;
  const confirm = () => {
    closeDialog();
    void sendMany(target, action);
  };
  return (
    <Modal title={label} about={<AboutMany words={words} guests={guests} />} initialFocus={cancel}>
      <p>{ask.kind === 'confirmation' ? ask.lost : confirmMany}</p>
      <LeftOutGuests guests={guests} action={action} />
      <ModalFoot>
        <Button onClick={closeDialog} ref={cancel}>
          Cancel
        </Button>
        <Button look={destructive ? 'danger' : 'primary'} icon={icon} onClick={confirm}>
          {label}: {guestCount(able)}
        </Button>
      </ModalFoot>
    </Modal>
  );
}
