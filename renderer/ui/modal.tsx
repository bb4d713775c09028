import { Dialog } from '@base-ui/react/dialog';
import type { ReactNode, RefObject } from 'react';
import { focusHome } from '../focus';
import { closeDialog, windowStore } from '../store';
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

/** What closes a dialog leaves it alone while a question of a connection stands in front of it. */
function close(open: boolean, details: Dialog.Root.ChangeEventDetails): void {
  if (windowStore.getState().promptId !== null) details.cancel();
  else if (!open) closeDialog();
}

/** A dialog that goes by itself behind a question takes no focus from it. */
const focusAfter = (): HTMLElement | false | null => (windowStore.getState().promptId === null ? focusHome() : false);

/** A modal dialog: Escape, the cross and a click beside it close it; the focus goes back to where it came from. */
export function Modal({ title, about, initialFocus, wide = false, palette = false, children }: ModalProps) {
  return (
    <Dialog.Root open onOpenChange={close}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Viewport className="dialog-viewport">
          <Dialog.Popup
            className={palette ? 'dialog dialog-palette' : wide ? 'dialog dialog-wide' : 'dialog'}
            finalFocus={focusAfter}
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
