import { useRef } from 'react';
import type { GuestView } from '../../../preload/contract/view';
import { actionCommands } from '../../commands';
import { sendAction } from '../../intents';
import { closeDialog } from '../../store';
import { Button } from '../../ui/button';
import { Modal, ModalFoot } from '../../ui/modal';
import { About } from './about';
import { HowStarted } from './how-started';
import { StartCommand } from './start-command';

/** Shows the command before the first start; what is accepted here runs at once from then on. */
export function StartDialog({ guest, start }: { guest: GuestView; start: NonNullable<GuestView['start']> }) {
  const { label, icon } = actionCommands.start;
  const button = useRef<HTMLButtonElement>(null);
  const accept = () => {
    closeDialog();
    void sendAction(guest.id, 'start', { startAccepted: true });
  };
  return (
    <Modal title={label} about={<About guest={guest} />} initialFocus={button} wide>
      <p>
        Reveille will run this command <HowStarted guest={guest} />. Read it once; afterwards Start runs it at once,
        until it changes.
      </p>
      <StartCommand start={start} />
      {guest.state.name === 'hibernated' ? <p>It is hibernated: starting it resumes it where it was.</p> : null}
      <ModalFoot>
        <Button onClick={closeDialog}>Cancel</Button>
        <Button look="primary" icon={icon} onClick={accept} ref={button}>
          {label}
        </Button>
      </ModalFoot>
    </Modal>
  );
}
