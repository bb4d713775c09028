import { Tooltip } from '@base-ui/react/tooltip';
import type { ReactElement } from 'react';

/** A tooltip for a button, on hover and on keyboard focus. It repeats or adds to the name and is never the only place. */
export function Tip({ text, children }: { text: string; children: ReactElement }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger render={children} delay={400} />
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6} className="floating">
          <Tooltip.Popup className="tip">{text}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
