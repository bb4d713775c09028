import { Tooltip } from '@base-ui/react/tooltip';
import type { ReactElement } from 'react';
import { useRef } from 'react';

/** A tooltip for a button, on hover and on keyboard focus. It repeats or adds to the name and is never the only place. */
export function Tip({ text, children }: { text: string; children: ReactElement }) {
  const place = useRef<HTMLSpanElement>(null);
  return (
    <Tooltip.Root>
      <Tooltip.Trigger render={children} delay={400} />
      <span ref={place} className="floating-place" />
      <Tooltip.Portal container={place}>
        <Tooltip.Positioner sideOffset={6} collisionPadding={8} className="floating">
          <Tooltip.Popup className="tip">{text}</Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
