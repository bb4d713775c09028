import { Dialog } from '@base-ui/react/dialog';
import type { ReactNode, RefObject } from 'react';
import { focusHome } from '../focus';
import { closeDialog } from '../store';
import { IconButton } from './button';

interface ModalProps {
  /** The accessible name, exactly. */
  title: string;
  /** Under the title: what it is about. */
  about?: ReactNode;
  initialFocus?: RefObject<HTMLElement | null>;
  wide?: boolean;
  /** As the command palette: at the top, its title only for screen readers. */
  palette?: boolean;
  children: ReactNode;
}

/** A modal dialog: Escape, the cross and a click beside it close it; the focus goes back to where it came from. */
export function Modal({ title, about, initialFocus, wide = false, palette = false, children }: ModalProps) {
  return (
    <Dialog.Root open onOpenChange={(open) => (open ? undefined : closeDialog())}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Viewport className="dialog-viewport">
          <Dialog.Popup
            className={palette ? 'dialog dialog-palette' : wide ? 'dialog dialog-wide' : 'dialog'}
            finalFocus={focusHome}
            {...(initialFocus === undefined ? {} : { initialFocus })}
          >
            <header className="dialog-head">
              <Dialog.Title className="dialog-title">{title}</Dialog.Title>
              {about === undefined ? null : (
                <Dialog.Description className="dialog-about">{about}</Dialog.Description>
              )}
              <Dialog.Close render={<IconButton icon="close" label="Close" />} />
            </header>
            {children}
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** The row of buttons at a dialog's foot. */
export function ModalFoot({ children }: { children: ReactNode }) {
  return <div className="dialog-foot">{children}</div>;
}
