import { Dialog } from '@base-ui/react/dialog';
import type { ReactNode, RefObject } from 'react';
import { focusBehindQuestion } from '../../focus';
import { useWindow } from '../../store';
import { hostName } from '../../text';
import type { IconName } from '../../ui/icon';
import { Icon } from '../../ui/icon';
import { Line } from '../../ui/untrusted';

interface QuestionProps {
  role: 'dialog' | 'alertdialog';
  icon: IconName;
  /** The accessible name, exactly. */
  title: string;
  /** Under the title: who asks, or what it is about. */
  about: ReactNode;
  initialFocus: RefObject<HTMLElement | null>;
  /** Escape. */
  onCancel: () => void;
  children: ReactNode;
}

/** The frame of a question. A click beside it is not an answer. */
export function Question({ role, icon, title, about, initialFocus, onCancel, children }: QuestionProps) {
  return (
    <Dialog.Root open disablePointerDismissal onOpenChange={(open) => (open ? undefined : onCancel())}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop backdrop-front" forceRender />
        <Dialog.Viewport className="dialog-viewport dialog-viewport-front">
          <Dialog.Popup
            className="dialog dialog-question"
            role={role}
            initialFocus={initialFocus}
            finalFocus={focusBehindQuestion}
          >
            <header className="dialog-head">
              <Dialog.Title className="dialog-title">
                <Icon name={icon} />
                <Line text={title} />
              </Dialog.Title>
              <Dialog.Description className="dialog-about">{about}</Dialog.Description>
            </header>
            {children}
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Which connection asks. The name is the user's own; the address is where the answer goes. */
export function Asking({ hostId, address }: { hostId: string | null; address: string }) {
  const host = useWindow((state) => (hostId === null ? undefined : state.view?.hosts[hostId]));
  const name = host === undefined ? '' : hostName(host);
  return (
    <>
      <Line text={address} className="about-guest" />
      {hostId === null ? (
        <span className="about-more">For the connection test</span>
      ) : name === '' || name === address ? null : (
        <span className="about-more">
          For the host <Line text={name} />
        </span>
      )}
    </>
  );
}
