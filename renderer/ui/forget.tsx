import { useRef, type ReactNode } from 'react';
import { closeDialog } from '../store';
import { Button } from './button';
import type { IconName } from './icon';
import { Modal, ModalFoot } from './modal';

interface ForgetProps {
  title: string;
  about: ReactNode;
  icon: IconName;
  onForget: () => void;
  /** What is lost by it, and what is not. */
  children: ReactNode;
}

/** Asks before something is forgotten; Cancel has the focus. */
export function Forget({ title, about, icon, onForget, children }: ForgetProps) {
  const cancel = useRef<HTMLButtonElement>(null);
  const forget = () => {
    closeDialog();
    onForget();
  };
  return (
    <Modal title={title} about={about} initialFocus={cancel}>
      {children}
      <ModalFoot>
        <Button onClick={closeDialog} ref={cancel}>
          Cancel
        </Button>
        <Button look="danger" icon={icon} onClick={forget}>
          Remove
        </Button>
      </ModalFoot>
    </Modal>
  );
}
